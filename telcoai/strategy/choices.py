"""What each device could do, as rows of a linear program: joules, and what it takes of nodes and links."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from telcoai.strategy.bounds import least_j
from telcoai.strategy.candidates import Candidate, chains
from telcoai.strategy.greedy import Job
from telcoai.strategy.joules import Powers
from telcoai.strategy.pipe import REPLY_BYTES, backward, occupied_s
from telcoai.strategy.predict import Occupancy
from telcoai.strategy.sheet import Figures, Numbers, Sheets
from telcoai.strategy.sites import Sites

Flags = NDArray[np.bool_]
Resource = tuple[str, ...]
"""``("node", name)``, or ``("link", name, "up" or "down")``."""


@dataclass(frozen=True)
class Row:
    """One thing that a device can do. ``joules``: of a request. ``takes``: seconds of each resource that it holds, a
    request on average. ``tail_s``: latency at the percentile without waiting."""

    job: int
    candidate: Candidate
    chain: tuple[str, ...]
    joules: float
    tail_s: float
    takes: dict[Resource, float]


class Choices:
    """Rows of jobs; of rows alike in all that counts one is kept, and none that another beats in everything."""

    def __init__(self, sites: Sites, powers: Powers) -> None:
        self._sites = sites
        self._powers = powers
        self._sheets = Sheets(sites)

    def rows(self, number: int, job: Job) -> list[Row]:
        """Rows within deadline and energy budget; where there are none, all, by latency instead of joules."""
        tables = [self._table(job, chain) for chain in chains(job.device, self._sites, job.service.domain)]
        found = [row for table in tables for row in table.kept(number, table.joules, _within(job, table))]
        if found:
            return found
        return [
            row
            for table in tables
            for row in table.kept(number, table.figures.tail_s, np.isfinite(table.figures.tail_s))
        ]

    def _table(self, job: Job, chain: tuple[str, ...]) -> _Table:
        figures = self._sheets.of(job.menu).of(chain, job.rate_per_s)
        joules = least_j(figures, job.rate_per_s, Occupancy(), self._powers, self._sites)
        return _Table(figures, joules, _takes(figures, self._sites))


@dataclass(frozen=True)
class _Table:
    """All candidates on one chain."""

    figures: Figures
    joules: Numbers
    takes: dict[Resource, Numbers]

    def kept(self, number: int, cost: Numbers, inside: Flags) -> Iterator[Row]:
        """Rows inside that no other one beats in cost and everything that is taken."""
        table = np.column_stack([cost, *self.takes.values()])
        front = np.empty((0, table.shape[1]))
        for row in np.argsort(cost, kind="stable"):
            if inside[row] and not bool((front <= table[row] + 1e-12).all(axis=1).any()):
                front = np.vstack([front, table[row]])
                yield self._row(number, int(row))

    def _row(self, number: int, row: int) -> Row:
        held = {key: float(seconds[row]) for key, seconds in self.takes.items() if seconds[row] > 0}
        figures = self.figures
        tail_s = float(figures.tail_s[row])
        return Row(number, figures.rows.candidates[row], figures.chain, float(self.joules[row]), tail_s, held)


def _within(job: Job, table: _Table) -> Flags:
    required, tail_s = job.service.requirements, table.figures.tail_s
    inside = np.isfinite(tail_s)
    if required.deadline_ms is not None:
        inside &= tail_s <= required.deadline_ms / 1e3
    if required.energy_per_request_j is not None:
        inside &= table.joules <= required.energy_per_request_j
    return inside


def _takes(figures: Figures, sites: Sites) -> dict[Resource, Numbers]:
    """Seconds of each resource that each candidate holds."""
    chain, rows = figures.chain, figures.rows
    found: dict[Resource, Numbers] = {("node", name): rows.core_s[:, level] for level, name in enumerate(chain)}
    for pair, (start, end) in enumerate(rows.pairs):
        for step in sites.route(chain[start], chain[end]) or ():
            sent: Numbers = np.array([occupied_s(step.state, payload) for payload in rows.payloads])
            there = sent[rows.size[:, pair]]
            back = occupied_s(backward(step), REPLY_BYTES)
            ways = ("up", "down") if step.upward else ("down", "up")
            for way, seconds in zip(ways, (there, back), strict=True):
                key = ("link", step.link.name, way)
                held: Numbers = rows.share[:, pair] * np.asarray(seconds)
                found[key] = found[key] + held if key in found else held
    return found
