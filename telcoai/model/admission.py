"""Which requests are admitted where only a share of them is."""

from __future__ import annotations

import math


def is_admitted(number: int, share: float) -> bool:
    """Whether the request of this number, from 0, is one of the share: of the first n, ⌊n × share⌋ are.

    As evenly spread as can be, and without chance: request k is admitted when ⌊(k + 1) × share⌋ exceeds ⌊k × share⌋.
    """
    return admitted_before(number + 1, share) > admitted_before(number, share)


def admitted_before(number: int, share: float) -> int:
    """How many requests before the one of this number are admitted."""
    return math.floor(number * share)
