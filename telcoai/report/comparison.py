"""The comparison of strategies as data: whoever shows it decides how it looks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from telcoai.report.changes import happenings
from telcoai.report.distance import distances
from telcoai.report.experiment import Experiment
from telcoai.report.ranking import RankingVerdict, rank_energy
from telcoai.report.sentence import tell
from telcoai.report.standings import Spread, Standing, Standings
from telcoai.report.summary import RunSummary


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``better`` is ``low``, ``high`` or empty; ``source`` is ``measured``, ``simulated`` or the energy
    meter's name. ``seldom``: left out where no strategy has such a figure.
    """

    key: str
    title: str
    unit: str
    source: str
    better: str = ""
    seldom: bool = False

    @property
    def heading(self) -> str:
        """Title, unit and source in one line, such as ``p95 latency, ms (measured)``."""
        return self.title + (f", {self.unit}" if self.unit else "") + (f" ({self.source})" if self.source else "")


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure as text, and whether it is the best of its column. ``value`` is NaN where there is none.

    ``range``: least and most over several runs, empty for one.
    """

    text: str
    value: float
    best: bool = False
    range: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One strategy; ``runs`` is such as ``1`` or ``2 of 3`` valid."""

    strategy: str
    runs: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Strategies side by side: a row each, a column a figure, and what it shows in one sentence.

    ``notes``: how to read it, and each run that was left out with the reason.
    """

    experiment: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    sentence: str
    ranking: RankingVerdict
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Figure:
    column: Column
    of: Callable[[RunSummary], float]
    form: str


def _figures(meter: str, how: str) -> tuple[_Figure, ...]:
    return (
        *_latencies(how),
        *_scores(how),
        *_energies(meter, how),
        *_changes(how),
        *_domains(how),
        *_batteries(meter),
        *_counts(how),
    )


def _domains(how: str) -> tuple[_Figure, ...]:
    title = "closed nodes' busy time used by other domains"
    column = Column("closed_used_by_others", title, "", how, "low", seldom=True)
    weighted = Column("weighted_met", "windows met, by weight of services", "", how, "high", seldom=True)
    return (
        _Figure(weighted, lambda s: s.weighted_met, "{:.0%}"),
        _Figure(column, lambda s: s.closed_used_by_others, "{:.0%}"),
    )


def _batteries(meter: str) -> tuple[_Figure, ...]:
    left = Column("charge_left_least", "charge left in the emptiest battery", "", meter, "high", seldom=True)
    empty = Column("first_empty_s", "first battery empty after", "s", meter, "high", seldom=True)
    life = Column("shortest_life_s", "shortest battery life at this power", "h", meter, "high", seldom=True)
    return (
        _Figure(left, lambda s: s.charge_left_least, "{:.1%}"),
        _Figure(empty, lambda s: s.first_empty_s, "{:.1f}"),
        _Figure(life, lambda s: s.shortest_life_s / 3600, "{:.3g}"),
    )


def _changes(how: str) -> tuple[_Figure, ...]:
    again = Column("until_met_again_s", "until met again after a change, median", "s", how, "low")
    return (
        _Figure(again, lambda s: s.until_met_again_s, "{:.1f}"),
        _Figure(Column("plans_changed", "new plans", "", ""), lambda s: s.plans_changed, "{:.0f}"),
    )


def _counts(how: str) -> tuple[_Figure, ...]:
    return (
        _Figure(Column("requests", "requests", "", ""), lambda s: s.requests, "{:.0f}"),
        _Figure(Column("errors", "errors", "", "", "low"), lambda s: s.errors, "{:.0f}"),
        _Figure(Column("dropped", "not admitted", "", how, "low"), lambda s: s.dropped, "{:.0f}"),
        _Figure(Column("model_loads", "stages loaded", "", how), lambda s: s.model_loads, "{:.0f}"),
        _Figure(Column("loading_s", "loading", "s", how), lambda s: s.loading_s, "{:.1f}"),
    )


def _latencies(how: str) -> tuple[_Figure, ...]:
    form = "{:.1f}"
    p99 = Column("p99", "p99 latency", "ms", how, "low")
    return (
        _Figure(Column("p50", "p50 latency", "ms", how, "low"), lambda s: s.latency_ms.p50, form),
        _Figure(Column("p95", "p95 latency", "ms", how, "low"), lambda s: s.latency_ms.p95, form),
        _Figure(p99, lambda s: s.latency_ms.p99, form),
    )


def _scores(how: str) -> tuple[_Figure, ...]:
    good = Column("effective_accuracy", "correct and on time", "", how, "high")
    return (
        _Figure(Column("accuracy", "accuracy", "", how, "high"), lambda s: s.accuracy, "{:.3f}"),
        _Figure(good, lambda s: s.effective_accuracy, "{:.3f}"),
    )


def _energies(meter: str, how: str) -> tuple[_Figure, ...]:
    request = Column("energy_j_per_request", "dynamic energy a request", "J", meter, "low")
    answer = Column("joules_per_correct_on_time", "dynamic energy a good answer", "J", meter, "low")
    everything = Column("energy_j_total", "energy of all nodes, idle too", "J", meter, "low")
    met = Column("requirements_met", "requirements met", "", f"{how}, {meter}", "high")
    return (
        _Figure(request, lambda s: s.energy_j_per_request, "{:.3f}"),
        _Figure(answer, lambda s: s.joules_per_correct_on_time, "{:.3f}"),
        _Figure(everything, lambda s: s.energy_j_total, "{:.0f}"),
        _Figure(met, lambda s: s.requirements_met, "{:.0%}"),
    )


_PLACES = {
    "measured": "On virtual hosts compute is paced to the device profiles, and links are emulated.",
    "simulated": "Nothing was measured: cores, queues, links and TCP's windows are a model, answers are replayed.",
}


def compare(experiment: Experiment, standings: Standings) -> Comparison:
    """Compare the strategies of an experiment over the runs that count."""
    how = experiment.runs[0].how
    figures = tuple(f for f in _figures(experiment.runs[0].meter, how) if _is_had(f, standings))
    ranking = rank_energy(standings)
    spreads = [[one.spread(figure.of) for figure in figures] for one in standings.strategies]
    best = [_best(_rivals(standings, [row[k].median for row in spreads], f), f.column) for k, f in enumerate(figures)]
    rows = tuple(
        _row(standing, [_cell(s, f.form, _mark(standing, mark)) for s, f, mark in zip(own, figures, best, strict=True)])
        for standing, own in zip(standings.strategies, spreads, strict=True)
    )
    return Comparison(
        experiment=experiment.name,
        columns=tuple(figure.column for figure in figures),
        rows=rows,
        sentence=tell(standings, happenings(experiment.runs), experiment.runs[0].meter),
        ranking=ranking,
        notes=(ranking.sentence, *_notes(standings, how), *standings.left_out, *_errors(experiment, standings)),
    )


def _is_had(figure: _Figure, standings: Standings) -> bool:
    return not figure.column.seldom or any(one.spread(figure.of).runs for one in standings.strategies)


def _row(standing: Standing, cells: list[Cell]) -> Row:
    counted, made = len(standing.runs), standing.made
    return Row(standing.strategy, str(made) if counted == made else f"{counted} of {made}", tuple(cells))


def _cell(spread: Spread, form: str, best: float) -> Cell:
    if spread.runs == 0:
        return Cell("–", math.nan)
    middle, low, high = (
        form.format(value) if math.isfinite(value) else "never" for value in (spread.median, spread.low, spread.high)
    )
    return Cell(middle, spread.median, spread.median == best, f"{low}–{high}" if low != high else "")


def _mark(standing: Standing, best: float) -> float:
    """The value that is marked as the best: of a bound none is."""
    return math.nan if standing.foresees else best


def _rivals(standings: Standings, values: list[float], figure: _Figure) -> list[float]:
    """The values that may be the best: who fails many requests leads in no latency or energy figure, and who knows the
    future in none."""
    counts = figure.column.unit in ("ms", "J")
    return [
        math.nan if one.foresees or (counts and not one.answers) else value
        for one, value in zip(standings.strategies, values, strict=True)
    ]


def _best(values: list[float], column: Column) -> float:
    """The best value; NaN (equal to nothing) when fewer than two strategies have one, or several have the best."""
    finite = [value for value in values if math.isfinite(value)]
    if not column.better or len(finite) < 2:
        return math.nan
    best = min(finite) if column.better == "low" else max(finite)
    return best if finite.count(best) == 1 else math.nan


def _isolation(standings: Standings) -> list[str]:
    """Who used nodes that are closed to it, in words; nothing where no node is closed, or none worked."""
    shares = {one.strategy: one.spread(lambda s: s.closed_used_by_others).high for one in standings.comparable}
    known = {name: share for name, share in shares.items() if not math.isnan(share)}
    used = [f"{name} ({share:.2%})" for name, share in known.items() if share > 0]
    if used:
        return [f"Closed nodes worked for services that they are closed to: {', '.join(used)} of their busy time."]
    return ["No closed node worked for another domain's services."] if known else []


def _errors(experiment: Experiment, standings: Standings) -> list[str]:
    """How far simulated runs are from the measured ones that they were set against, a line each."""
    against = experiment.runs[0].facts.get("against")
    return [] if not against else list(distances(standings, Path(against)))


def _notes(standings: Standings, how: str) -> list[str]:
    most = max((len(one.runs) for one in standings.strategies), default=0)
    if most == 0:
        return []
    notes = [
        "Latency counts from the scheduled send time, percentiles over requests answered 200; errors stand "
        f"beside them. {_PLACES[how]}",
    ]
    failing = ", ".join(f"{one.strategy} ({one.failed_share:.0%})" for one in standings.comparable if not one.answers)
    if failing:
        notes.append(f"Too many requests failed to lead in latency or energy: {failing}.")
    notes += _isolation(standings)
    if most == 1:
        notes.append("One repetition: no interval, and no difference is claimed to be significant.")
    else:
        notes.append(
            "Several repetitions: median of valid runs; what can be claimed of pairs stands with the leaderboard."
        )
    return notes
