"""Candidates in the order of their latency without load, found without following each one's course."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from telcoai.strategy.candidates import Candidate, Menu, candidates, hops_of
from telcoai.strategy.course import payload_bytes, rows
from telcoai.strategy.frames import frames_of
from telcoai.strategy.pipe import Pipe, pipe
from telcoai.strategy.sites import Sites

_Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Sketch:
    """A candidate on chains of given profiles: ``seconds`` of compute in its score, and what it sends.

    ``sends``: ((level from, level to), payload in bytes, weight in the score, weight of its tail).
    """

    candidate: Candidate
    seconds: float
    sends: tuple[tuple[_Pair, int, float, float], ...]


class Ranking:
    """Ranks candidates for any chain of nodes; what depends on the nodes' profiles alone is worked out once."""

    def __init__(self, options: Menu, sites: Sites) -> None:
        self._options = options
        self._frames = frames_of(options.service)
        self._sites = sites
        self._sketches: dict[tuple[tuple[str, int], ...], list[_Sketch]] = {}
        self._asked: dict[tuple[tuple[str, int], ...], set[tuple[_Pair, int]]] = {}
        self._ranked: dict[tuple[str, ...], list[tuple[float, Candidate]]] = {}

    def of(self, chain: tuple[str, ...], rate_per_s: float) -> list[tuple[float, Candidate]]:
        """(score in seconds without any load, candidate), best first, of those that the chain's nodes can run.

        ``rate_per_s`` is that of the chain's device.
        """
        if chain not in self._ranked:
            self._ranked[chain] = self._rank(chain, rate_per_s)
        return self._ranked[chain]

    def _rank(self, chain: tuple[str, ...], rate_per_s: float) -> list[tuple[float, Candidate]]:
        kinds = tuple(self._sites.kind(name) for name in chain)
        if kinds not in self._sketches:
            sketches = self._sketch_all(chain)
            self._sketches[kinds] = sketches
            self._asked[kinds] = {(pair, payload) for s in sketches for pair, payload, _, _ in s.sends}
        pipes = {pair: self._pipe(chain, pair, rate_per_s) for pair in combinations(range(len(chain)), 2)}
        costs = {
            (pair, size): (pipes[pair].seconds(size), pipes[pair].tail_s(size)) for pair, size in self._asked[kinds]
        }
        ranked = [(_score(sketch, costs), sketch.candidate) for sketch in self._sketches[kinds]]
        ranked.sort(key=lambda one: one[0])
        return [one for one in ranked if one[0] != float("inf")]

    def _sketch_all(self, chain: tuple[str, ...]) -> list[_Sketch]:
        found = (self._sketch(one, chain) for one in candidates(self._options, len(chain)))
        return [sketch for sketch in found if sketch is not None]

    def _sketch(self, one: Candidate, chain: tuple[str, ...]) -> _Sketch | None:
        """Score is (mean + tail) / 2, so each stage and each crossing weighs half the share of requests that take it,
        and another half when the way at the percentile takes it."""
        option, workload, frames = one.option, self._options.service.workload, self._frames
        hops = hops_of(one, chain)
        times = [self._sites.seconds(hop, workload, option.variant) for hop in hops]
        if any(stages is None for stages in times) or not self._sites.holds(hops, option.variant):
            return None
        last = exit_at(option.forecast.leave, self._options.percentile / 100)
        tail = [1.0 if stage <= last else 0.0 for stage in range(len(times))]
        weights = [(share + t) / 2 for share, t in zip(option.forecast.reach, tail, strict=True)]
        seconds = sum(weights[k] * stages[k] for k, stages in enumerate(times) if stages is not None)
        if one.levels[0] != 0:
            profile = self._sites.profile(chain[one.levels[0]])
            seconds += weights[0] * frames.decode_s(profile, option.variant)
        sends = []
        here = 0
        for first, _ in rows(one.levels):
            if one.levels[first] != here:
                payload = payload_bytes(option, first, one.wire, frames)
                sends.append(((here, one.levels[first]), payload, weights[first], tail[first] / 2))
                here = one.levels[first]
        return _Sketch(one, seconds, tuple(sends))

    def _pipe(self, chain: tuple[str, ...], pair: _Pair, rate_per_s: float) -> Pipe:
        way, options = self._sites.route(chain[pair[0]], chain[pair[1]]), self._options
        return pipe(way, rate_per_s, options.percentile, options.service.dispersion)


def _score(sketch: _Sketch, costs: dict[tuple[_Pair, int], tuple[float, float]]) -> float:
    total = sketch.seconds
    for pair, payload, weight, tail_weight in sketch.sends:
        seconds, late_s = costs[pair, payload]
        total += weight * seconds + tail_weight * late_s
    return total


def exit_at(leave: tuple[float, ...], share: float) -> int:
    """The exit by which this share of requests has left."""
    gone = 0.0
    for index, part in enumerate(leave):
        gone += part
        if gone >= share - 1e-9:
            return index
    return len(leave) - 1
