"""The leaderboard: strategies in order, over the runs that count.

First who meets requirements in more of the time (median over runs), then who takes fewer joules per correct answer on
time. Who knows the future is a bound: it has no place, and others' regret is counted against it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from telcoai.report.experiment import Experiment
from telcoai.report.intervals import Estimate, estimate
from telcoai.report.measures import Measure, measures
from telcoai.report.pairs import JOULES, MET, Difference, differences, say
from telcoai.report.standings import Standing, Standings

WIDEST = 100
"""Characters of a line: more aren't used, also where there are."""

HEADS = (
    "Good: share of requests answered correctly and on time; again met: from a change until requirements are met for "
    "good; moves: assignments that new plans change. The report has more columns, and says of each what it is."
)
"""What the short headings of a terminal mean."""

GAP = 3
"""Characters between the columns of a table on a terminal, and around it."""


@dataclass(frozen=True)
class Entry:
    """One strategy: ``place`` from 1 on, 0 for a bound and for who has no valid run; an estimate a column."""

    place: int
    strategy: str
    bound: bool
    counted: int
    made: int
    estimates: tuple[Estimate, ...]

    @property
    def place_text(self) -> str:
        """The place, a dash where there is none."""
        return str(self.place) if self.place else "–"

    @property
    def runs_text(self) -> str:
        """How many runs count: ``6``, or ``5 of 6``."""
        return str(self.made) if self.counted == self.made else f"{self.counted} of {self.made}"

    @property
    def brief_name(self) -> str:
        """The strategy for a terminal, with its valid runs unless that is simply one."""
        told = ["bound"] if self.bound else []
        told += [] if self.runs_text == "1" else [f"{self.runs_text} valid"]
        return "\n".join([self.strategy, *([", ".join(told)] if told else [])])


@dataclass(frozen=True)
class Leaderboard:
    """Columns, entries in order (bounds behind those with a place, then who has no valid run), what can be claimed of
    pairs, and how to read it."""

    measures: tuple[Measure, ...]
    entries: tuple[Entry, ...]
    differences: tuple[Difference, ...]
    claims: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def legend(self) -> tuple[str, ...]:
        """What the short headings of the table mean, where there is a figure under them."""
        return (HEADS,) if any(entry.counted for entry in self.entries) else ()

    def table(self, width: int = WIDEST) -> tuple[list[str], list[list[str]]]:
        """Headings (of several lines) and texts for a terminal so many characters wide; the last columns, which decide
        least, are left out where they don't fit."""
        columns = [self._column(k) for k, one in enumerate(self.measures) if one.head]
        names = ["strategy", *(entry.brief_name for entry in self.entries)]
        columns = [["#", *(entry.place_text for entry in self.entries)], names, *columns]
        while len(columns) > 3 and _width(columns) > width:
            columns.pop()
        heads, *rows = ([column[k] for column in columns] for k in range(len(names)))
        return heads, rows

    def _column(self, k: int) -> list[str]:
        measure = self.measures[k]
        return [_head(measure), *(measure.brief(entry.estimates[k]) for entry in self.entries)]

    def rows(self) -> list[dict[str, Any]]:
        """A flat row each, for files: of every figure the median, its interval, and the interval's confidence."""
        return [self._row(entry) for entry in self.entries]

    def _row(self, entry: Entry) -> dict[str, Any]:
        row: dict[str, Any] = {
            "place": entry.place or None,
            "strategy": entry.strategy,
            "bound": entry.bound,
            "runs_valid": entry.counted,
            "runs": entry.made,
        }
        for measure, one in zip(self.measures, entry.estimates, strict=True):
            row[measure.key] = one.median
            row |= {f"{measure.key}_low": one.low, f"{measure.key}_high": one.high}
            row[f"{measure.key}_confidence"] = one.confidence
        return row


def leaderboard(experiment: Experiment, standings: Standings) -> Leaderboard:
    """Order the strategies and say what can be claimed."""
    run = standings.example or experiment.runs[0]
    bounds = _ordered(one for one in standings.comparable if one.foresees)
    ranked = _ordered(standings.rivals)
    services = len(run.scenario.get("services", ()))
    columns = measures(run, services, bounds[0] if bounds else None)
    unplaced = [*bounds, *(one for one in standings.strategies if not one.runs)]
    entries = [_entry(one, place, columns) for one, place in zip(ranked, _places(ranked), strict=True)]
    entries += [_entry(one, 0, columns) for one in unplaced]
    found = differences(ranked)
    energy = "modelled, power figures as in the profiles" if run.meter == "model" else run.meter
    return Leaderboard(columns, tuple(entries), found, _claims(found, ranked, energy), _notes(standings, bounds))


def _ordered(standings: Iterable[Standing]) -> tuple[Standing, ...]:
    return tuple(sorted(standings, key=_merit))


def _merit(one: Standing) -> tuple[float, float]:
    """Less is better."""
    met = one.spread(lambda s: s.requirements_met).median
    joules = one.spread(lambda s: s.joules_per_correct_on_time).median
    return (math.inf if math.isnan(met) else -met, math.inf if math.isnan(joules) else joules)


def _places(ranked: tuple[Standing, ...]) -> list[int]:
    """From 1 on; equals share a place, and the next ones are left out."""
    merits = [_merit(one) for one in ranked]
    return [merits.index(merit) + 1 for merit in merits]


def _entry(one: Standing, place: int, columns: tuple[Measure, ...]) -> Entry:
    estimates = tuple(estimate(column.values(one)) for column in columns)
    return Entry(place, one.strategy, one.foresees, len(one.runs), one.made, estimates)


def _claims(found: tuple[Difference, ...], ranked: tuple[Standing, ...], energy: str) -> tuple[str, ...]:
    """Of the first and the next in both figures, then how many of all pairs differ; none for one repetition."""
    if len(ranked) < 2 or max((len(one.runs) for one in ranked), default=0) < 2:
        return ()
    first, second = ranked[0].strategy, ranked[1].strategy
    told = [say(one, energy) for one in found if (one.first, one.second) == (first, second)]
    if not told:
        return (f"{first} and {second} have no valid repetition in common: no difference can be claimed.",)
    if len(ranked) > 2:
        clear = {figure: [one.claimed for one in found if one.figure == figure] for figure in (MET, JOULES)}
        told.append(
            f"Of all pairs of strategies, {_out_of(clear[MET])} differ clearly in requirements met and "
            f"{_out_of(clear[JOULES])} in joules per correct answer on time; the report lists them."
        )
    return tuple(told)


def _out_of(clear: list[bool]) -> str:
    return f"{sum(clear)} of {len(clear)}"


def _notes(standings: Standings, bounds: tuple[Standing, ...]) -> tuple[str, ...]:
    notes = []
    if standings.rivals:
        notes.append(
            "Order: requirements met in most periods, then fewest joules per good answer: correct and on time."
        )
    counts = sorted({len(one.runs) for one in standings.comparable} - {1})
    if counts:
        told = ", ".join(f"{n} runs: {estimate(range(n)).confidence:.0%}" for n in counts)
        notes.append(
            "Figures are medians over runs, below them an interval for the median between runs in order of size "
            f"({told}; from 6 runs on it has at least 95 %)."
        )
    if bounds:
        notes.append(
            f"{bounds[0].strategy} knows the future and is no rival: a bound, against which regret is counted."
        )
    return tuple(notes)


def _width(columns: list[list[str]]) -> int:
    return sum(max(len(line) for text in column for line in text.split("\n")) + GAP for column in columns)


def _head(measure: Measure) -> str:
    source = measure.source.replace(", ", "\n+ ").replace("simulated", "simul.").replace("measured", "meas.")
    return "\n".join(part for part in (measure.head, source) if part)
