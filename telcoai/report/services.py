"""How services fare beside each other under each strategy: the share of periods each is met, and how even that is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from telcoai.report.standings import Spread, Standing, Standings
from telcoai.report.summary import RunSummary

NOTE = (
    "Jain's index: 1 when all are met in the same share of time, 1/n when one of n alone is; it says nothing about how "
    "much that is. Devices are judged by their own requests, but for accuracy, which is the service's."
)


@dataclass(frozen=True, slots=True)
class Fared:
    """One strategy: medians over runs, with their range. ``services`` and the ``domains`` that they are of by name."""

    strategy: str
    bound: bool
    services: Mapping[str, Spread]
    domains: Mapping[str, Spread]
    over_services: Spread
    over_devices: Spread

    @property
    def worst(self) -> tuple[str, float]:
        """The service that is met least, and its share; ``all alike`` when none is met less than another."""
        known = {name: one.median for name, one in self.services.items() if not math.isnan(one.median)}
        least = min(known, key=lambda name: known[name], default="–")
        alike = len(known) > 1 and len(set(known.values())) == 1
        return "all alike" if alike else least, known.get(least, math.nan)


def fared(standings: Standings) -> tuple[Fared, ...]:
    """For each strategy with a run that counts; empty for an experiment with one service."""
    example = standings.example
    names = [str(service["name"]) for service in example.scenario.get("services", ())] if example else []
    if len(names) < 2:
        return ()
    return tuple(_fared(one, names) for one in standings.comparable)


def _fared(one: Standing, names: list[str]) -> Fared:
    domains = sorted({name for summary in one.summaries for name in summary.domains_met})
    return Fared(
        strategy=one.strategy,
        bound=one.foresees,
        services={name: one.spread(_share_of(name, lambda s: s.services_met)) for name in names},
        domains={name: one.spread(_share_of(name, lambda s: s.domains_met)) for name in domains},
        over_services=one.spread(lambda s: s.fairness_services),
        over_devices=one.spread(lambda s: s.fairness_devices),
    )


def _share_of(name: str, shares: Callable[[RunSummary], Mapping[str, float]]) -> Callable[[RunSummary], float]:
    return lambda summary: shares(summary).get(name, math.nan)


def brief_table(rows: tuple[Fared, ...]) -> tuple[list[str], list[list[str]]]:
    """For a terminal: the service that is met least, and fairness."""
    heads = ["strategy", "service met least", "met", "Jain,\nservices", "Jain,\ndevices"]
    return heads, [
        [one.strategy, one.worst[0], _text(one.worst[1], "{:.0%}"), *_indices(one, ranged=False)] for one in rows
    ]


def full_table(rows: tuple[Fared, ...]) -> tuple[list[str], list[list[str]]]:
    """For a page: every service; empty without rows."""
    if not rows:
        return [], []
    domains = sorted({name for one in rows for name in one.domains})
    nothing = Spread(math.nan, math.nan, math.nan, 0)
    shown = [*(f"{name} met" for name in rows[0].services), *(f"domain {name} met" for name in domains)]
    heads = ["strategy", *shown, "Jain, services", "Jain, devices"]
    return heads, [
        [
            one.strategy + (" (bound)" if one.bound else ""),
            *(_ranged(share, "{:.0%}") for share in one.services.values()),
            *(_ranged(one.domains.get(name, nothing), "{:.0%}") for name in domains),
            *_indices(one, ranged=True),
        ]
        for one in rows
    ]


def as_rows(rows: tuple[Fared, ...]) -> list[dict[str, Any]]:
    """For summary.json: medians over runs."""
    return [
        {
            "strategy": one.strategy,
            "bound": one.bound,
            "services_met": {name: share.median for name, share in one.services.items()},
            "domains_met": {name: share.median for name, share in one.domains.items()},
            "fairness_services": one.over_services.median,
            "fairness_devices": one.over_devices.median,
        }
        for one in rows
    ]


def _indices(one: Fared, *, ranged: bool) -> list[str]:
    both = (one.over_services, one.over_devices)
    return [_ranged(index, "{:.3f}") if ranged else _text(index.median, "{:.3f}") for index in both]


def _ranged(one: Spread, form: str) -> str:
    middle, low, high = (_text(value, form) for value in (one.median, one.low, one.high))
    return middle if low == high else f"{middle} ({low}–{high})"


def _text(value: float, form: str) -> str:
    return form.format(value) if math.isfinite(value) else "–"
