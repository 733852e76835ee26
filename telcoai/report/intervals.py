"""What a few runs can tell: intervals and a test that hold for any number of runs and any distribution.

The unit is the run, since requests of one run share their queues and links (Kalibera and Jones, "Rigorous Benchmarking
in Reasonable Time", ISMM'13). With a handful of runs neither a bootstrap nor Student's t keeps its confidence for
shares that pile up at 0 or 1, so medians get intervals between order statistics: of n independent values, the k-th
least and the k-th greatest enclose the median with a probability of at least 1 − 2·P(B < k), B binomial with n and ½
(Hahn and Meeker, "Statistical Intervals", 1991, chapter 5). The range alone reaches 1 − 2^(1−n): 50 % for two runs,
94 % for five, 97 % for six. The same reasoning gives the sign test, and the two agree: its p is at most 1 − confidence
exactly when the interval keeps clear of 0.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

LEVEL = 0.95

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Estimate:
    """The median of some runs' figures, and an interval for the median of all runs that there could be.

    ``confidence`` is what the interval really has: at least 0.95 from six runs on, less before, 0 for one run. All NaN
    when no run has the figure.
    """

    median: float
    low: float
    high: float
    confidence: float
    runs: int

    @property
    def tells(self) -> bool:
        """Whether there are enough runs for 95 %."""
        return self.confidence >= LEVEL


def estimate(values: Iterable[float]) -> Estimate:
    """Median and interval of the values that are known: the narrowest with 95 %, or the range when there is none."""
    known = sorted(value for value in values if not math.isnan(value))
    n = len(known)
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan, 0.0, 0)
    k = _narrowest(n)
    return Estimate(statistics.median(known), known[k - 1], known[n - k], _confidence(n, k), n)


def sign_test(differences: Sequence[float]) -> float:
    """Two-sided exact p that the median difference is 0; a difference of 0 counts for neither side."""
    n = len(differences)
    one_way = max(sum(value > 0 for value in differences), sum(value < 0 for value in differences))
    return min(1.0, 2 * _below(n, n - one_way + 1))


def holm(ps: Mapping[K, float]) -> dict[K, float]:
    """p of each of several tests after Holm ("A simple sequentially rejective multiple test procedure", Scandinavian
    Journal of Statistics 6, 1979): the chance that any of them is wrong stays what one's would be."""
    found: dict[K, float] = {}
    worst = 0.0
    for rank, key in enumerate(sorted(ps, key=lambda key: ps[key])):
        worst = max(worst, min(1.0, (len(ps) - rank) * ps[key]))
        found[key] = worst
    return found


def least_pairs(tests: int) -> int:
    """Pairs without which the sign test of one of so many can't come to 5 %, however clear the difference."""
    return next(n for n in range(1, 1000) if tests * 2.0 ** (1 - n) <= 1 - LEVEL + 1e-12)


def _narrowest(n: int) -> int:
    """The greatest k whose interval has 95 %, at least 1."""
    return max((k for k in range(1, n // 2 + 1) if _confidence(n, k) >= LEVEL), default=1)


def _confidence(n: int, k: int) -> float:
    return 1 - 2 * _below(n, k)


def _below(n: int, k: int) -> float:
    """P(B < k), B binomial with n and ½."""
    return float(sum(math.comb(n, i) for i in range(k))) / 2.0**n
