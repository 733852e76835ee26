"""Times of stages in a row on one node when requests run them together, and early exits thin the batch out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from telcoai.model.timing import batch_seconds


@dataclass(frozen=True, slots=True)
class Gathering:
    """What becomes of requests at a node where they run in batches of ``most`` at most: ``size`` of those, on average,
    and ``mean_s`` that a request waits until its batch begins, unless full batches wait before it. ``late_s``: how much
    longer that and the batch itself take at the percentile."""

    most: int
    size: float
    mean_s: float
    late_s: float


ALONE = Gathering(1, 1.0, 0.0, 0.0)

Place = tuple[str, int]
"""A node, and the first of the stages that a request runs there in a row."""


@dataclass(frozen=True, slots=True)
class Row:
    """Stages in a row on one node: seconds of each for one request, the part of that which a batch takes once, and how
    many of all requests get to it."""

    seconds: Sequence[float]
    once: Sequence[float]
    reach: Sequence[float]

    def stages_s(self, size: float) -> Sequence[float]:
        """Time of each stage as those see it who run it, when ``size`` run the first one together: as many fewer run
        the others as have left."""
        if size == 1.0:
            return self.seconds
        both = zip(self.seconds, self.once, strict=True)
        sizes = (max(1.0, size * share) for share in self._shares())
        return [batch_seconds(stage_s, once_s, n) for (stage_s, once_s), n in zip(both, sizes, strict=True)]

    def held_s(self, size: float) -> float:
        """Time that a core is held for: of each stage that anyone is left for, if they leave independently."""
        left = [1.0 - (1.0 - share) ** size for share in self._shares()]
        return math.fsum(share * stage_s for share, stage_s in zip(left, self.stages_s(size), strict=True))

    def _shares(self) -> list[float]:
        """Of those who run the first stage; 0 where nobody does."""
        first = self.reach[0]
        return [min(1.0, share / first) if first > 0 else 0.0 for share in self.reach]
