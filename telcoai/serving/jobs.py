"""A request inside a node: what is left to do, and what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telcoai.model import jpeg
from telcoai.model.frames import scale
from telcoai.serving.config import VariantConfig
from telcoai.serving.ledger import Ledger
from telcoai.serving.refusals import Refused
from telcoai.serving.routes import Route


@dataclass(slots=True)
class Job:
    """A request on its route. ``frame`` (h × w × 3 of any size, or the variant's tensor) feeds stage 0.

    ``activation`` (wire form) feeds later ones.

    ``jpeg``: the frame as it came from another node, when it came so; it is decoded on the core that runs stage 0.
    ``has_to_run``: the whole variant was asked for, with its logits, so nothing is replayed.
    """

    route: Route
    ledger: Ledger
    frame: NDArray[Any] | None = None
    jpeg: bytes = b""
    activation: bytes = b""
    sample: int | None = None
    deadline_ns: int | None = None
    has_to_run: bool = False

    def input_bytes(self, variant: VariantConfig) -> bytes:
        """What the variant's stage 0 takes, raw: the frame at its size, or its tensor as it is."""
        if variant.tensor is None:
            return self._frame(variant.input_size).tobytes()
        if self.frame is None:
            raise Refused(400, "stage 0 needs an input")
        return self.frame.tobytes()

    def frame_jpeg(self, size: int) -> bytes:
        """The frame at ``size`` × ``size`` pixels as the camera's image processor encodes it."""
        return jpeg.encode(self._frame(size))

    def _frame(self, size: int) -> NDArray[np.uint8]:
        if self.jpeg:
            try:
                return jpeg.decode(self.jpeg, size)
            except ValueError as err:
                raise Refused(400, f"input 'frame': {err}") from err
        if self.frame is None:
            raise Refused(400, "stage 0 needs a frame")
        return self.frame if self.frame.shape[0] == size else scale(self.frame, size)

    def check_deadline(self, where: str) -> None:
        """Refuse with 504 once the deadline has passed."""
        if self.deadline_ns is not None and time.monotonic_ns() > self.deadline_ns:
            raise Refused(504, f"deadline passed {where}")


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of a job: which exit it left at and what that exit said. ``logits``: 1 × classes, None when unknown.

    ``placement``: the nodes of the stages, where another node decided that.
    """

    prediction: int
    confidence: float
    exit: int
    logits: NDArray[Any] | None = None
    placement: str = ""
