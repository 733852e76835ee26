"""Latency without load of all candidates of a menu on a chain, as arrays: a search can pass over most of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from telcoai.strategy.candidates import Candidate, Menu, candidates, hops_of
from telcoai.strategy.course import payload_bytes, rows
from telcoai.strategy.frames import frames_of
from telcoai.strategy.predict import late_share
from telcoai.strategy.ranking import exit_at
from telcoai.strategy.sites import Sites

Numbers = NDArray[np.float64]
Pair = tuple[int, int]
_Send = tuple[int, int, int]
"""(number of the pair, payload, stage that it is for)."""


@dataclass(frozen=True)
class Rows:
    """What depends on the profiles and memory of a chain alone; one row a candidate.

    ``core_s``, ``tail_core_s``: seconds at each level, over all requests on average, and on the way that the percentile
    falls on. ``share``, ``tail``: how many requests send between each pair of levels, and whether that way does.
    ``size``: what they send, as a place in ``payloads``. ``visited``: whether that way runs anything at a level.
    ``leave``, ``leave_core_s``, ``leave_sends``: of the way to each exit the share of requests, its seconds of compute,
    and the pairs of levels that it sends between.
    """

    candidates: tuple[Candidate, ...]
    pairs: tuple[Pair, ...]
    payloads: tuple[int, ...]
    core_s: Numbers
    tail_core_s: Numbers
    share: Numbers
    tail: Numbers
    size: NDArray[np.int64]
    visited: Numbers
    leave: Numbers
    leave_core_s: Numbers
    leave_sends: Numbers


@dataclass(frozen=True)
class Figures:
    """The rows on one chain of nodes. ``send_s``: mean time of a request and its reply between each
    pair of levels; ``late_s``: how much more at the percentile."""

    rows: Rows
    chain: tuple[str, ...]
    send_s: Numbers
    late_s: Numbers

    @cached_property
    def mean_s(self) -> Numbers:
        """Mean latency of each candidate without load."""
        return np.asarray(self.rows.core_s.sum(axis=1) + self.sent_s.sum(axis=1))

    @cached_property
    def tail_s(self) -> Numbers:
        """Latency at the percentile without load."""
        sending = _where(self.rows.tail, self.send_s + self.late_s)
        return np.asarray(self.rows.tail_core_s.sum(axis=1) + sending.sum(axis=1))

    @cached_property
    def sent_s(self) -> Numbers:
        """Time of sending between each pair of levels, over all requests on average."""
        return _where(self.rows.share, self.send_s)

    def late(self, percentile: float, deadline_s: float) -> Numbers:
        """Share of requests of each candidate over the deadline without load."""
        rows = self.rows
        mean_s = rows.leave_core_s + _along(rows.leave_sends, self.send_s)
        tail_s = mean_s + _along(rows.leave_sends, self.late_s)
        return np.asarray((rows.leave * late_share(mean_s, tail_s, percentile, deadline_s)).sum(axis=1))

    def away_s(self, pair: int) -> Numbers:
        """Time from the first byte between two levels until the reply is back, over all requests on average."""
        below = self.rows.pairs[pair][0]
        later = [number for number, (start, _) in enumerate(self.rows.pairs) if start >= below]
        return np.asarray(self.rows.core_s[:, below + 1 :].sum(axis=1) + self.sent_s[:, later].sum(axis=1))


def _along(sends: Numbers, seconds: Numbers) -> Numbers:
    """Seconds of all pairs that each way sends between: rows × exits."""
    return np.asarray(_where(sends, np.broadcast_to(seconds[:, None, :], sends.shape)).sum(axis=2))


def _where(weight: Numbers, seconds: Numbers) -> Numbers:
    """Weight × seconds, nothing where nobody sends, also when there is no way at all and it would take for ever."""
    return np.multiply(weight, seconds, out=np.zeros_like(weight), where=weight > 0)


class Sheet:
    """Figures for any chain of nodes; what depends on the nodes' profiles alone is worked out once."""

    def __init__(self, options: Menu, sites: Sites) -> None:
        self._options = options
        self._frames = frames_of(options.service)
        self._sites = sites
        self._rows: dict[tuple[tuple[str, int], ...], Rows] = {}
        self._figures: dict[tuple[str, ...], Figures] = {}

    def on(self, sites: Sites) -> Sheet:
        """The same for other links between the same nodes: what depends on profiles is shared."""
        other = Sheet(self._options, sites)
        other._rows = self._rows
        return other

    def of(self, chain: tuple[str, ...], rate_per_s: float) -> Figures:
        """Figures of all candidates that the chain's nodes can run; ``rate_per_s`` is that of the chain's device."""
        if chain not in self._figures:
            self._figures[chain] = self._on(chain, rate_per_s)
        return self._figures[chain]

    def _on(self, chain: tuple[str, ...], rate_per_s: float) -> Figures:
        kinds = tuple(self._sites.kind(name) for name in chain)
        if kinds not in self._rows:
            self._rows[kinds] = self._work_out(chain)
        known = self._rows[kinds]
        percentile = self._options.percentile
        dispersion = self._options.service.dispersion
        pipes = [self._sites.pipe(chain[a], chain[b], rate_per_s, percentile, dispersion) for a, b in known.pairs]
        if not known.size.size:
            return Figures(known, chain, known.share, known.share)
        send_s = np.array([[one.seconds(payload) for payload in known.payloads] for one in pipes])
        late_s = np.array([[one.tail_s(payload) for payload in known.payloads] for one in pipes])
        return Figures(known, chain, *(np.take_along_axis(one.T, known.size, axis=0) for one in (send_s, late_s)))

    def _work_out(self, chain: tuple[str, ...]) -> Rows:
        found = [one for one in candidates(self._options, len(chain)) if self._can_run(one, chain)]
        pairs = tuple(combinations(range(len(chain)), 2))
        numbers = {pair: number for number, pair in enumerate(pairs)}
        sends = [self._sends(one, numbers) for one in found]
        payloads = tuple(sorted({payload for each in sends for _, payload, _ in each})) or (0,)
        core, visited = np.zeros((2, len(found), len(chain))), np.zeros((len(found), len(chain)))
        most = max((len(one.levels) for one in found), default=1)
        leave, spent, sent = (
            np.zeros((len(found), most)),
            np.zeros((len(found), most)),
            np.zeros((len(found), most, len(pairs))),
        )
        way, size = np.zeros((2, len(found), len(pairs))), np.zeros((len(found), len(pairs)), np.int64)
        for row, one in enumerate(found):
            reach, last = one.option.forecast.reach, self._last(one)
            leave[row, : len(reach)] = one.option.forecast.leave
            for stage, seconds in enumerate(self._seconds(one, chain)):
                spent[row, stage:] += seconds
                level = one.levels[stage]
                core[:, row, level] += reach[stage] * seconds, seconds * (stage <= last)
                visited[row, level] = max(visited[row, level], float(stage <= last))
            for pair, payload, stage in sends[row]:
                way[:, row, pair] = reach[stage], stage <= last
                sent[row, stage:, pair] = 1.0
                size[row, pair] = payloads.index(payload)
        return Rows(tuple(found), pairs, payloads, core[0], core[1], way[0], way[1], size, visited, leave, spent, sent)

    def _can_run(self, one: Candidate, chain: tuple[str, ...]) -> bool:
        workload, variant, hops = self._options.service.workload, one.option.variant, hops_of(one, chain)
        knows = all(self._sites.seconds(hop, workload, variant) is not None for hop in set(hops))
        return knows and self._sites.holds(hops, variant)

    def _seconds(self, one: Candidate, chain: tuple[str, ...]) -> list[float]:
        """Time of each stage where it runs, decoding included."""
        workload, variant = self._options.service.workload, one.option.variant
        times = [self._sites.seconds(hop, workload, variant) or () for hop in hops_of(one, chain)]
        found = [stages[index] for index, stages in enumerate(times)]
        if one.levels[0] != 0:
            found[0] += self._frames.decode_s(self._sites.profile(chain[one.levels[0]]), variant)
        return found

    def _sends(self, one: Candidate, numbers: dict[Pair, int]) -> list[_Send]:
        found, here = [], 0
        for first, _ in rows(one.levels):
            level = one.levels[first]
            if level != here:
                found.append((numbers[here, level], payload_bytes(one.option, first, one.wire, self._frames), first))
                here = level
        return found

    def _last(self, one: Candidate) -> int:
        return exit_at(one.option.forecast.leave, self._options.percentile / 100)


class Sheets:
    """The sheet of each menu, by what tells the menus of a service apart in one plan."""

    def __init__(self, sites: Sites) -> None:
        self._sites = sites
        self._sheets: dict[tuple[str, float | None, float], Sheet] = {}

    def of(self, options: Menu) -> Sheet:
        """Made once."""
        key = (options.service.name, options.service.requirements.accuracy_min, options.percentile)
        if key not in self._sheets:
            self._sheets[key] = Sheet(options, self._sites)
        return self._sheets[key]
