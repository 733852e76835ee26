"""Which requests are admitted where only a share of them is."""

from __future__ import annotations

import math


def is_admitted(number: int, share: float) -> bool:
    """Whether the request of this number, from 0, is one of the share: of the first n, ⌊n × share⌋ are.

    As evenly spread as can be, and without chance: request k is admitted when ⌊(k + 1) × share⌋ exceeds ⌊k × share⌋.
    """
    return math.floor((number + 1) * share) > math.floor(number * share)
