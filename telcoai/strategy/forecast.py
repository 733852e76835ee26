"""What is to be expected of a rate of arrivals, from what was seen of it.

Counts scatter though the rate stays: a view's rate, a mean over a few periods, is off by the square root of rate over
time (Poisson). So the mean goes back over as much of the past as fits the newest value, an adaptive window as ADWIN's
(Bifet and Gavaldà, SDM 2007), here with the standard error of Poisson counts for its bound. Where the newest doesn't
fit what was before, the rate has changed: it is taken as it is, and a rise is continued.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

STANDARD_ERRORS = 2.0
"""Values that differ by no more than so many of theirs are taken for one rate."""


def expected(values: Sequence[float], span: int, ahead: int, period_s: float) -> float:
    """The rate to be expected ``ahead`` periods on.

    ``values``: a value a period, newest last, each a mean over the ``span`` periods before it (as many as there were).
    Never below 0.
    """
    blocks = _blocks(values, span)
    pooled, seconds = blocks[0][0], blocks[0][1] * period_s
    for rate, periods in blocks[1:]:
        more = periods * period_s
        bound = STANDARD_ERRORS * math.sqrt(max(rate, pooled) * (1 / seconds + 1 / more))
        if abs(rate - pooled) > bound:
            rise = max(0.0, pooled - rate) / span if seconds <= span * period_s else 0.0
            return max(0.0, pooled + rise * ahead)
        pooled = (pooled * seconds + rate * more) / (seconds + more)
        seconds += more
    return max(0.0, pooled)


def _blocks(values: Sequence[float], span: int) -> list[tuple[float, int]]:
    """Values that don't overlap, newest first, with the periods that each is a mean of."""
    found = []
    for place in range(len(values) - 1, -1, -span):
        found.append((values[place], min(span, max(1, place))))
    return found
