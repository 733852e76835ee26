"""How often a run kept what its services asked for.

The scored time is cut in windows of the scenario's period, by the scheduled time of requests. A window of a service
counts when a request was scheduled in it and a requirement was in force at its start; a change counts from the time
that the scenario asks for. It is met when every requirement in force is:

- latency: the percentile asked, by nearest rank over all requests of the window, is at most the deadline; a request
  that wasn't answered 200 counts as infinitely late;
- accuracy: the share of correct answers among those answered 200, over the whole time in which this requirement was
  in force, is at least the minimum (a window alone holds too few answers to tell); no answer in the window, not met;
- energy: the dynamic energy of the window's requests, divided by their number, is at most the budget;
- battery: at the mean power of the whole run each battery of the service's devices lasts as long as asked.

A period is met when the windows of all services in it are: ``requirements_met`` is the share of periods that are. The
same rule with the requests of one device alone says how a device fared; accuracy stays the whole service's there, since
it is asked of a service and one device's answers are few.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from telcoai.model.requirements import Requirements
from telcoai.report.batteries import lives_s
from telcoai.report.run import Run

EDGE_S = 1e-6
"""A change this little after a window's start belongs to the window: times are decimal fractions."""

Phases = Mapping[str, list[tuple[float, Requirements]]]
"""For each service (start in s after warm-up, requirements), in order of time."""


@dataclass(frozen=True, slots=True)
class Requests:
    """Some requests, an entry each: latency in ms (infinite where not answered 200), and energy in J."""

    latency_ms: NDArray[np.float64]
    answered: NDArray[np.bool_]
    correct: NDArray[np.bool_]
    energy_j: NDArray[np.float64]

    def at(self, rows: NDArray[np.intp]) -> Requests:
        """Those at these positions."""
        return Requests(self.latency_ms[rows], self.answered[rows], self.correct[rows], self.energy_j[rows])


def requests_of(samples: pd.DataFrame) -> Requests:
    """The samples of a run as arrays."""
    return Requests(
        samples["latency_ms"].fillna(math.inf).to_numpy(dtype=float),
        samples["answered"].to_numpy(dtype=bool),
        samples["correct"].to_numpy(dtype=bool),
        samples["energy_j"].to_numpy(dtype=float),
    )


def requirements_met(run: Run) -> float:
    """Share of periods in which all requirements of all services were met; NaN when none counts."""
    return share_met((start_s, met) for _, start_s, met in windows(run))


def services_met(run: Run) -> dict[str, float]:
    """The same share for each service by itself."""
    return _shares(windows(run))


def domains_met(run: Run) -> dict[str, float]:
    """The same share for each domain that services are of, over all its services; empty when none is of any."""
    domains = {str(service["name"]): service.get("domain") for service in run.scenario.get("services", ())}
    return _shares((str(domains[name]), start_s, met) for name, start_s, met in windows(run) if domains.get(name))


def weighted_met(run: Run) -> float:
    """Share of all windows of all services that were met, each window as heavy as its service is at its begin; NaN for
    one service alone."""
    if len(run.scenario.get("services", ())) < 2:
        return math.nan
    phases, kept, whole = requirement_phases(run), 0.0, 0.0
    for name, start_s, met in windows(run):
        asked = in_force(phases.get(name, []), start_s)
        weight = asked.weight if asked else 1.0
        kept, whole = kept + weight * met, whole + weight
    return kept / whole if whole else math.nan


def devices_met(run: Run) -> dict[str, float]:
    """The same share for each device by itself, from its own requests, of all its services."""
    return _shares(_windows(run, "device"))


def windows(run: Run) -> Iterator[tuple[str, float, bool]]:
    """(service, start of the window in s after warm-up, met) for each window that counts."""
    return _windows(run, "service")


def share_met(verdicts: Iterable[tuple[float, bool]]) -> float:
    """Share of periods in which nothing was missed, from (start of the period, met); NaN without any."""
    periods: dict[float, bool] = {}
    for start_s, met in verdicts:
        periods[start_s] = periods.get(start_s, True) and met
    return sum(periods.values()) / len(periods) if periods else math.nan


def _shares(found: Iterable[tuple[str, float, bool]]) -> dict[str, float]:
    verdicts: dict[str, list[tuple[float, bool]]] = {}
    for name, start_s, met in found:
        verdicts.setdefault(name, []).append((start_s, met))
    return {name: share_met(own) for name, own in sorted(verdicts.items())}


def _windows(run: Run, whose: str) -> Iterator[tuple[str, float, bool]]:
    """As ``windows``, cut by service and by the column ``whose``, whose value is given."""
    period_s = float(run.scenario.get("period_s", 1.0))
    scored = run.scored
    phases = requirement_phases(run)
    requests = requests_of(scored)
    shares = _accuracies(requests, phase_rows(scored, phases))
    lives = _lives(run, whose)
    numbers = np.floor((scored["scored_s"] + EDGE_S) / period_s).astype(int).rename("window")
    groups: dict[tuple[str, str, int], NDArray[np.intp]] = dict(
        scored.groupby([scored["service"], scored[whose].rename("whose"), numbers]).indices  # type: ignore[arg-type]
    )
    for (service, name, number), rows in groups.items():
        asked = in_force(phases.get(service, []), number * period_s)
        if asked is not None and not asked.asks_nothing:
            accurate = asked.accuracy_min is None or shares[service, asked] >= asked.accuracy_min
            lasting = asked.lasts_s is None or lives.get(name, math.inf) >= asked.lasts_s
            kept = accurate and lasting and window_met(requests.at(rows), _but_accuracy(asked))
            yield str(name), number * period_s, kept


def _lives(run: Run, whose: str) -> Mapping[str, float]:
    """How long batteries last in s, by device, or of each service the shortest of its devices'."""
    lives = lives_s(run)
    if whose == "device":
        return lives
    services = {str(one["name"]): one.get("devices", ()) for one in run.scenario.get("services", ())}
    return {name: min((lives.get(one, math.inf) for one in own), default=math.inf) for name, own in services.items()}


def phase_rows(samples: pd.DataFrame, phases: Phases) -> dict[tuple[str, Requirements], NDArray[np.intp]]:
    """Positions of the requests of each service, by what was asked of it when they were scheduled."""
    found: dict[tuple[str, Requirements], list[NDArray[np.intp]]] = {}
    names, times_s = samples["service"].to_numpy(), samples["scored_s"].to_numpy(dtype=float) + EDGE_S
    for service, own in phases.items():
        rows = np.flatnonzero(names == service)
        numbers = np.searchsorted([start_s for start_s, _ in own], times_s[rows], side="right") - 1
        for number, (_, asked) in enumerate(own):
            found.setdefault((service, asked), []).append(rows[numbers == number])
    return {key: np.sort(np.concatenate(parts)) for key, parts in found.items()}


def _accuracies(
    requests: Requests, rows: Mapping[tuple[str, Requirements], NDArray[np.intp]]
) -> dict[tuple[str, Requirements], float]:
    """Share of correct answers by (service, what was asked of it); 0 without an answer."""
    parts = {key: requests.at(positions) for key, positions in rows.items()}
    shares = {key: float(one.correct[one.answered].mean()) for key, one in parts.items() if one.answered.any()}
    return defaultdict(float, shares)


def requirement_phases(run: Run) -> dict[str, list[tuple[float, Requirements]]]:
    """For each service (start in s after warm-up, requirements), in order of time."""
    phases = {
        str(service["name"]): [(-math.inf, _parsed(service["requirements"]))]
        for service in run.scenario.get("services", ())
    }
    changes = run.events[run.events["kind"] == "requirements"].sort_values("scored_s")
    for start_s, what in zip(changes["scored_s"], changes["what"], strict=True):
        phases.setdefault(what["service"], []).append((float(start_s), _parsed(what["requirements"])))
    return phases


def in_force(phases: list[tuple[float, Requirements]], time_s: float) -> Requirements | None:
    """What is asked at ``time_s`` seconds after warm-up."""
    begun = [asked for start_s, asked in phases if start_s <= time_s + EDGE_S]
    return begun[-1] if begun else None


def nearest_rank(values: NDArray[np.float64], percentile: float) -> float:
    """The least value with at least this share (in per cent) of values at or below it; NaN without any."""
    if not values.size:
        return math.nan
    rank = max(math.ceil(percentile / 100 * values.size), 1)
    return float(np.sort(values)[rank - 1])


def window_met(requests: Requests, asked: Requirements) -> bool:
    """Whether the requests of one window keep all that is asked."""
    if asked.deadline_ms is not None and nearest_rank(requests.latency_ms, asked.percentile) > asked.deadline_ms:
        return False
    correct = requests.correct[requests.answered]
    if asked.accuracy_min is not None and not (correct.size and correct.mean() >= asked.accuracy_min):
        return False
    budget_j = asked.energy_per_request_j
    return budget_j is None or bool(requests.energy_j.mean() <= budget_j)


def _parsed(values: dict[str, Any]) -> Requirements:
    known = ("percentile", "deadline_ms", "accuracy_min", "energy_per_request_j", "lasts_s", "weight")
    return Requirements(**{name: values[name] for name in known if name in values})


def _but_accuracy(asked: Requirements) -> Requirements:
    return replace(asked, accuracy_min=None)
