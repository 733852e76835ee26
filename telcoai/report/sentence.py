"""The one sentence that says what a comparison shows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from telcoai.report.changes import Happening
from telcoai.report.standings import Standing, Standings, spread
from telcoai.report.summary import percentiles

ALIKE_LATENCY, ALIKE_ENERGY = 0.05, 0.03
"""Two runs of one scenario and seed may differ by so much: strategies closer than that are named together."""

MANY_ERRORS = 0.01
_HALF = 0.5
"""Up to this share of the next one's value a lead is told as a factor, above it in per cent."""


@dataclass(frozen=True, slots=True)
class Lead:
    """Who has the least of something: those alike to the least, the least value, and the next beyond them."""

    leaders: tuple[str, ...]
    value: float
    runner_up: str = ""
    runner_up_value: float = math.nan

    @property
    def names(self) -> str:
        """``a``, ``a and b``, ``a, b and c``."""
        return " and ".join([part for part in (", ".join(self.leaders[:-1]), self.leaders[-1]) if part])


def tell(standings: Standings, changes: tuple[Happening, ...], meter: str) -> str:
    """What the comparison shows; for one strategy, its figures; for none, why there is nothing to compare."""
    comparable = standings.rivals
    if not comparable and standings.comparable:
        return "Only a bound has a valid run, so there is nothing to compare."
    if not comparable:
        return "No run is valid, so there is nothing to compare; each run says why."
    if len(comparable) == 1:
        return _tell_one(comparable[0], meter)
    p95s = [_p95s(comparable, *span) for span in _spans(changes)]
    latency = [lead_of(one, ALIKE_LATENCY) for one in p95s]
    energy = lead_of(_energies(comparable), ALIKE_ENERGY)
    parts = [_tell_latency(latency), _tell_swaps(swaps(p95s[0], p95s[-1])), _tell_energy(energy, meter)]
    parts += [_tell_both(latency, energy), _tell_errors(comparable)]
    return "; ".join(part for part in parts if part) + "."


def lead_of(values: Mapping[str, float], alike: float) -> Lead | None:
    """The least of finite values, with those within ``alike`` (a share) of it; None when there is none."""
    ordered = sorted((value, name) for name, value in values.items() if math.isfinite(value))
    if not ordered:
        return None
    least = ordered[0][0]
    leaders = tuple(name for value, name in ordered if value <= least * (1 + alike))
    beyond = ordered[len(leaders) :]
    return Lead(leaders, least, beyond[0][1], beyond[0][0]) if beyond else Lead(leaders, least)


def swaps(before: Mapping[str, float], after: Mapping[str, float]) -> list[tuple[str, str]]:
    """(loser, winner) for each pair whose order turned, by clearly more than alike both times."""
    margin = 1 + ALIKE_LATENCY
    pairs = [(one, other) for one in sorted(before) for other in sorted(before)]
    return [
        (one, other)
        for one, other in pairs
        if before[one] * margin < before[other] and after[one] > after[other] * margin
    ]


def _spans(changes: tuple[Happening, ...]) -> list[tuple[float, float]]:
    """Before the first link change and from it to the next; the whole run when links stay as they are."""
    links = [one.at_s for one in changes if one.kind == "link" and one.at_s > 0]
    if not links:
        return [(-math.inf, math.inf)]
    until = next((at_s for at_s in links if at_s > links[0]), math.inf)
    return [(-math.inf, links[0]), (links[0], until)]


def _p95s(standings: tuple[Standing, ...], start_s: float, end_s: float) -> dict[str, float]:
    """p95 over all requests scheduled in a span, failed ones infinitely late: not finite for who fails over 5 %."""
    found = {}
    for one in standings:
        marks = []
        for run in one.runs:
            rows = run.scored
            inside = rows[(rows["scored_s"] >= start_s) & (rows["scored_s"] < end_s)]
            marks.append(percentiles(inside["latency_ms"].fillna(math.inf).to_numpy()).p95)
        found[one.strategy] = spread(marks).median
    return found


def _energies(standings: tuple[Standing, ...]) -> dict[str, float]:
    return {one.strategy: one.spread(lambda s: s.energy_j_per_request).median for one in standings if one.answers}


def _tell_latency(leads: list[Lead | None]) -> str:
    told = [lead for lead in leads if lead is not None]
    if len(told) < len(leads):
        return "no strategy answered enough requests to have a p95 latency"
    first, last = told[0], told[-1]
    verb = "has" if len(first.leaders) == 1 else "share"
    start = f"{first.names} {verb} the lowest p95 latency"
    if len(told) == 1:
        return f"{start} ({first.value:.0f} ms)"
    if first.leaders == last.leaders:
        return f"{start} before ({first.value:.0f} ms) and after the link change ({last.value:.0f} ms)"
    return f"{start} before the link change ({first.value:.0f} ms), {last.names} after it ({last.value:.0f} ms)"


def _tell_swaps(found: list[tuple[str, str]]) -> str:
    told = [f"{loser} falls behind {winner}" for loser, winner in found]
    return f"with the change {' and '.join(told)}" if told else ""


def _tell_energy(lead: Lead | None, meter: str) -> str:
    if lead is None:
        return ""
    verb = "uses" if len(lead.leaders) == 1 else "share"
    figure = f"{lead.value:.2g} J, {meter}"
    if lead.runner_up and lead.value > 0:
        share = lead.value / lead.runner_up_value
        less = f"{1 / share:.2g}×" if share <= _HALF else f"{1 - share:.0%}"
        figure += f"; {less} less than {lead.runner_up}"
    return f"{lead.names} {verb} the least dynamic energy per request ({figure})"


def _tell_both(latency: list[Lead | None], energy: Lead | None) -> str:
    if energy is None or not all(latency):
        return ""
    best = set(energy.leaders).intersection(*(lead.leaders for lead in latency if lead))
    verb = "leads" if len(best) == 1 else "lead"
    return f"so {' and '.join(sorted(best))} {verb} in both" if best else "so no strategy is best in both"


def _tell_errors(standings: tuple[Standing, ...]) -> str:
    told = []
    for one in standings:
        if one.failed_share > MANY_ERRORS:
            told.append(f"{one.strategy} ({one.failed_share:.0%})")
    return f"requests failed under {', '.join(told)}" if told else ""


def _tell_one(standing: Standing, meter: str) -> str:
    p95 = standing.spread(lambda s: s.latency_ms.p95).median
    accuracy = standing.spread(lambda s: s.accuracy).median
    energy_j = standing.spread(lambda s: s.energy_j_per_request).median
    figures = [
        f"p95 latency {p95:.0f} ms" if math.isfinite(p95) else "no request answered",
        f"accuracy {accuracy:.3f}" if math.isfinite(accuracy) else "",
        f"{energy_j:.2g} J dynamic energy per request ({meter})" if math.isfinite(energy_j) else "",
    ]
    told = ", ".join(figure for figure in figures if figure)
    errors = _tell_errors((standing,))
    return f"{standing.strategy}: {told}{f'; {errors}' if errors else ''}; no other valid strategy to compare with."
