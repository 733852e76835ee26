"""A request inside a node: what is left to do, and what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telcoai.model.frames import scale
from telcoai.serving.ledger import Ledger
from telcoai.serving.refusals import Refused
from telcoai.serving.routes import Route


@dataclass(slots=True)
class Job:
    """A request on its route. ``frame`` (h × w × 3, any size) feeds stage 0, ``activation`` (wire form) later ones.

    ``has_to_run``: the whole variant was asked for, with its logits, so nothing is replayed.
    """

    route: Route
    ledger: Ledger
    frame: NDArray[np.uint8] | None = None
    activation: bytes = b""
    sample: int | None = None
    deadline_ns: int | None = None
    has_to_run: bool = False

    def frame_bytes(self, size: int) -> bytes:
        """The frame at ``size`` × ``size`` pixels, raw."""
        if self.frame is None:
            raise Refused(400, "stage 0 needs a frame")
        if self.frame.shape[0] == size:
            return self.frame.tobytes()
        return scale(self.frame, size).tobytes()

    def check_deadline(self, where: str) -> None:
        """Refuse with 504 once the deadline has passed."""
        if self.deadline_ns is not None and time.monotonic_ns() > self.deadline_ns:
            raise Refused(504, f"deadline passed {where}")


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of a job: which exit it left at and what that exit said. ``logits``: 1 × classes, None when unknown."""

    prediction: int
    confidence: float
    exit: int
    logits: NDArray[Any] | None = None
