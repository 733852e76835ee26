"""What early exits do to a variant: how many requests reach each stage, and how many answers are right."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

from telcoai.model.workload import ExitPoint, Variant

NEVER = 1.01
"""Threshold that no confidence reaches."""


@dataclass(frozen=True)
class ExitForecast:
    """``leave``: share of all requests that leave at each exit (sums to 1). ``accuracy``: share answered right."""

    leave: tuple[float, ...]
    accuracy: float

    @cached_property
    def reach(self) -> tuple[float, ...]:
        """Share of all requests that run each stage; never rises."""
        left = 1.0
        shares = []
        for leave in self.leave:
            shares.append(max(0.0, left))
            left -= leave
        return tuple(shares)


@dataclass(frozen=True, slots=True)
class Option:
    """A variant with thresholds, and what is forecast of it."""

    variant: Variant
    thresholds: tuple[float, ...]
    forecast: ExitForecast


def never(variant: Variant) -> tuple[float, ...]:
    """Thresholds with which every request runs to the last exit."""
    return (NEVER,) * (len(variant.stages) - 1)


def forecast(variant: Variant, thresholds: tuple[float, ...]) -> ExitForecast:
    """Shares and accuracy with these thresholds, from the calibrated tables.

    The tables hold each exit alone, so two things are assumed. Shares: whoever is confident at one exit is so at the
    next, hence the share gone after exit k is the largest share of any exit up to k. Accuracy: of the errors that the
    requests gone at exit k would still make at exit k + 1, the same part is left as of all errors of exit k.
    Where the variant's outcome with these thresholds is known, it is taken as it is.
    """
    if thresholds in variant.outcomes:
        return ExitForecast(*variant.outcomes[thresholds])
    gone = wrong_gone = 0.0
    leave = []
    wrong = 0.0
    before = 1.0
    for index, point in enumerate(variant.exits):
        if not point.exists:
            leave.append(0.0)
            continue
        share, error = _at_exit(variant, index, thresholds)
        kept = min(1.0, (1 - point.accuracy) / before) if before > 0 else 1.0
        wrong_gone *= kept
        leaving = max(0.0, share - gone)
        if leaving > 0:
            fresh = min(leaving, max(0.0, share * error - wrong_gone))
            wrong += fresh
            wrong_gone += fresh
        leave.append(leaving)
        gone = max(gone, share)
        before = 1 - point.accuracy
    return ExitForecast(tuple(leave), 1.0 - wrong)


def _at_exit(variant: Variant, index: int, thresholds: tuple[float, ...]) -> tuple[float, float]:
    """(share at or above the threshold, share of those that are wrong) at one exit, earlier exits ignored."""
    point = variant.exits[index]
    if index == len(variant.exits) - 1:
        return 1.0, 1.0 - point.accuracy
    share, accuracy = _row(point, thresholds[index])
    return share, 1.0 - accuracy


def _row(point: ExitPoint, threshold: float) -> tuple[float, float]:
    """The table's row at the threshold, or the next higher one: a share is never promised that was not calibrated."""
    at = min((key for key in point.table if key >= threshold), default=None)
    return (0.0, point.accuracy) if at is None or threshold > 1.0 else point.table[at]


def options(variant: Variant) -> tuple[Option, ...]:
    """The variant with every combination of calibrated thresholds, "never" included; the latter comes first."""
    grids = [(NEVER, *sorted((t for t in point.table if t <= 1.0), reverse=True)) for point in variant.exits[:-1]]
    return tuple(Option(variant, chosen, forecast(variant, chosen)) for chosen in product(*grids))


def keeping(variants: tuple[Variant, ...], accuracy_min: float | None, margin: float) -> tuple[Option, ...]:
    """Options forecast to keep the accuracy asked with the margin, without those that another one of the same variant
    beats at every stage."""
    least = 0.0 if accuracy_min is None else accuracy_min + margin
    found: list[Option] = []
    for variant in variants:
        fitting = [option for option in options(variant) if option.forecast.accuracy >= least]
        found.extend(_front(fitting))
    return tuple(found)


def _front(fitting: list[Option]) -> list[Option]:
    """Options of one variant of which no other reaches every stage at most as often; of equals the most accurate."""
    ordered = sorted(fitting, key=lambda option: (option.forecast.reach, -option.forecast.accuracy))
    front: list[Option] = []
    for option in ordered:
        if not any(_at_most(other.forecast.reach, option.forecast.reach) for other in front):
            front.append(option)
    return front


def _at_most(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(a <= b + 1e-12 for a, b in zip(one, other, strict=True))
