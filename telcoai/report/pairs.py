"""Which differences between two strategies can be claimed.

Strategies of one repetition share their seed, and so arrivals, samples and what links do: runs are paired by
repetition, and a difference is a pair's. Its median has an interval between order statistics and an exact sign test
(``intervals``). Whoever names the two best has looked at all pairs, so each test is one of all pairs of rivals, after
Holm, within each figure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

from telcoai.report.intervals import LEVEL, estimate, holm, least_pairs, sign_test
from telcoai.report.standings import Standing
from telcoai.report.summary import RunSummary

MET, JOULES = "requirements_met", "joules_per_correct_on_time"


@dataclass(frozen=True, slots=True)
class Difference:
    """``first`` against ``second`` in one figure, over ``pairs`` repetitions.

    For requirements met in points of a share, for joules as a share of the second's (−0.1: 10 % fewer). ``p`` is of
    this test alone, ``adjusted_p`` after Holm over all ``tests`` of the figure.
    """

    figure: str
    first: str
    second: str
    median: float
    low: float
    high: float
    confidence: float
    pairs: int
    p: float
    adjusted_p: float
    tests: int

    @property
    def claimed(self) -> bool:
        """Whether it is clear enough to be claimed."""
        return self.adjusted_p <= 1 - LEVEL + 1e-12


def paired(first: Standing, second: Standing, by: Callable[[RunSummary, RunSummary], float]) -> list[float]:
    """A value for each repetition that both have; those that aren't a number are left out."""
    own = {one.repetition: one for one in first.summaries}
    values = [by(own[other.repetition], other) for other in second.summaries if other.repetition in own]
    return [value for value in values if not math.isnan(value)]


def points_more(first: RunSummary, second: RunSummary) -> float:
    """By how many points of a share the first meets requirements more of the time."""
    return 100 * (first.requirements_met - second.requirements_met)


def joules_more(first: RunSummary, second: RunSummary) -> float:
    """By which share the first takes more joules per correct answer on time; NaN when either has none."""
    if not second.joules_per_correct_on_time > 0:
        return math.nan
    return first.joules_per_correct_on_time / second.joules_per_correct_on_time - 1


FIGURES: Mapping[str, Callable[[RunSummary, RunSummary], float]] = {MET: points_more, JOULES: joules_more}


def differences(ranked: tuple[Standing, ...]) -> tuple[Difference, ...]:
    """Of all pairs of strategies in each figure, in the order given; none for pairs without a repetition in common."""
    found: list[Difference] = []
    for figure, by in FIGURES.items():
        values = {(a.strategy, b.strategy): paired(a, b, by) for a, b in combinations(ranked, 2)}
        found += _of_figure(figure, {names: own for names, own in values.items() if own})
    return tuple(found)


def _of_figure(figure: str, values: Mapping[tuple[str, str], list[float]]) -> list[Difference]:
    ps = {names: sign_test(own) for names, own in values.items()}
    adjusted = holm(ps)
    found = []
    for (first, second), own in values.items():
        middle = estimate(own)
        found.append(
            Difference(
                figure=figure,
                first=first,
                second=second,
                median=middle.median,
                low=middle.low,
                high=middle.high,
                confidence=middle.confidence,
                pairs=middle.runs,
                p=ps[first, second],
                adjusted_p=adjusted[first, second],
                tests=len(values),
            )
        )
    return found


def difference_table(found: tuple[Difference, ...]) -> tuple[list[str], list[list[str]]]:
    """Headings and a row for each difference that has more than one pair of runs."""
    heads = ["pair", "figure", "median difference", "interval", "confidence", "pairs of runs", "p", "p after Holm", ""]
    return heads, [_cells(one) for one in found if one.pairs > 1]


def _cells(one: Difference) -> list[str]:
    name, form = ("requirements met, points", "{:+.1f}") if one.figure == MET else ("J a good answer", "{:+.1%}")
    return [
        f"{one.first} − {one.second}",
        name,
        form.format(one.median),
        f"{form.format(one.low)} … {form.format(one.high)}",
        _per_cent(one.confidence),
        str(one.pairs),
        f"{one.p:.2g}",
        f"{one.adjusted_p:.2g}",
        "clear" if one.claimed else "none can be claimed",
    ]


def say(one: Difference, energy: str) -> str:
    """The difference in a sentence that claims no more than was computed. ``energy``: such as ``modelled``."""
    return _claim(one, energy) if one.claimed else _no_claim(one, energy)


def _claim(one: Difference, energy: str) -> str:
    ahead = one if (one.median > 0) is (one.figure == MET) else _turned(one)
    basis = f"{_per_cent(ahead.confidence)}, {ahead.pairs} pairs of runs; {_family(one)}"
    if one.figure == MET:
        span = f"{ahead.low:.1f} to {ahead.high:.1f} points"
        return f"{ahead.first} meets its requirements in more of the time than {ahead.second}, by {span} ({basis})."
    span = f"{-ahead.high:.1%} to {-ahead.low:.1%} ({energy}; {basis})"
    return f"{ahead.first} takes fewer joules per correct answer on time than {ahead.second}, by {span}."


def _no_claim(one: Difference, energy: str) -> str:
    if one.low == one.high == 0 and one.pairs > 1:
        what = "meet their requirements as often" if one.figure == MET else "take the same joules per correct answer"
        return f"{one.first} and {one.second} {what} in each of {one.pairs} pairs of runs."
    if one.figure == MET:
        what, figures = "requirements met", f"{one.median:+.1f} points, {one.low:+.1f} to {one.high:+.1f}"
    else:
        what = f"joules per correct answer on time ({energy})"
        figures = f"{one.median:+.1%}, {one.low:+.1%} to {one.high:+.1%}"
    needed = least_pairs(one.tests)
    why = f"at least {needed} are needed" if one.pairs < needed else f"p {one.adjusted_p:.2g} after Holm"
    pairs = "1 pair" if one.pairs == 1 else f"{one.pairs} pairs"
    return (
        f"No difference in {what} can be claimed between {one.first} and {one.second}: {figures} "
        f"({_per_cent(one.confidence)}, {pairs} of runs; {_family(one)}, {why})."
    )


def _family(one: Difference) -> str:
    return "one comparison" if one.tests == 1 else f"one of {one.tests} comparisons"


def _per_cent(confidence: float) -> str:
    return f"{math.floor(100 * confidence + 1e-9)} %"


def _turned(one: Difference) -> Difference:
    """The same, of the second against the first."""
    median, low, high = (
        -value if one.figure == MET else 1 / (1 + value) - 1 for value in (one.median, one.high, one.low)
    )
    return replace(one, first=one.second, second=one.first, median=median, low=low, high=high)
