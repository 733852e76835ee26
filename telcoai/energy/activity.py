"""What each request did, read from its row: compute on nodes, and bytes and time on radios."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from telcoai.errors import InputError
from telcoai.model.power import owner
from telcoai.model.routes import Step, routes_from
from telcoai.model.topology import Topology


@dataclass(frozen=True, slots=True)
class Compute:
    """A request answers for ``core_s`` seconds of a core of ``node``, its share of them when it ran in a batch.
    ``request``: number of its row."""

    request: int
    node: str
    core_s: float


@dataclass(frozen=True, slots=True)
class Transfer:
    """A request used the radio of ``node`` from ``start_s`` to ``end_s`` (both in the run's time).

    ``up_bytes`` were sent by that node and ``down_bytes`` received, headers of HTTP included, those of TCP/IP not.
    """

    request: int
    node: str
    radio: str
    start_s: float
    end_s: float
    up_bytes: int
    down_bytes: int


@dataclass(frozen=True)
class Activity:
    """Everything that the rows show. Rows without hops (nothing came back) show nothing."""

    computes: tuple[Compute, ...]
    transfers: tuple[Transfer, ...]


class Ways:
    """Radios crossed between two nodes, as the testbed routes; remembered, since few pairs occur."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._radio_steps: dict[tuple[str, str], tuple[tuple[Step, bool], ...]] = {}

    def radios(self, source: str, target: str) -> tuple[tuple[Step, bool], ...]:
        """Each link with a radio on the way, with whether its owner is the end that sends."""
        key = (source, target)
        if key not in self._radio_steps:
            steps = routes_from(self._topology.links, source).get(target)
            if steps is None:
                raise InputError(f"samples show a hop from {source} to {target}, and the testbed has no such way")
            crossed = (step for step in steps if step.link.radio)
            self._radio_steps[key] = tuple((step, self._sends(step)) for step in crossed)
        return self._radio_steps[key]

    def _sends(self, step: Step) -> bool:
        return (owner(step.link, self._topology) == step.link.a) == step.upward

    def owner(self, step: Step) -> str:
        """The node that carries the radio of the step's link."""
        return owner(step.link, self._topology)


def activity(samples: pd.DataFrame, topology: Topology) -> Activity:
    """Read the rows; InputError when they name nodes that the testbed hasn't got."""
    known = {node.name for node in topology.nodes}
    ways = Ways(topology)
    computes: list[Compute] = []
    transfers: list[Transfer] = []
    columns = (samples["sent_ns"], samples["done_ns"], samples["fallback"], samples["hops"])
    for request, (sent_ns, done_ns, fallback, hops) in enumerate(zip(*columns, strict=True)):
        entries: list[Mapping[str, Any]] = [] if hops is None else list(hops)
        strange = [hop["node"] for hop in entries if hop["node"] not in known]
        if strange:
            raise InputError(f"samples name node {strange[0]!r}, which the testbed hasn't got")
        computes += [Compute(request, h["node"], core_ns(h) / 1e9) for h in entries if core_ns(h) > 0]
        transfers += _transfers(request, entries, (int(sent_ns), int(done_ns), fallback), ways)
    return Activity(tuple(computes), tuple(transfers))


def core_ns(hop: Mapping[str, Any]) -> int:
    """Core time that a request answers for at a hop; rows written before there were batches have only the whole."""
    share = hop.get("core_ns")
    return int(hop["compute_ns"] if share is None else share)


def _transfers(
    request: int, entries: list[Mapping[str, Any]], row: tuple[int, int, str], ways: Ways
) -> Iterator[Transfer]:
    """Radio use between each hop and the next one, or the dead one that the last hop tried.

    The network time of a hop counts half on the way there and half on the way back, which only matters for where
    within a request a radio beyond the first link starts and ends.
    """
    sent_ns, done_ns, fallback = row
    start_s, lead_s = sent_ns / 1e9, 0.0
    following = [entry["node"] for entry in entries[1:]] + ([fallback] if fallback else [])
    for entry, target in zip(entries, following, strict=False):
        start_s += (entry["queue_ns"] + entry["compute_ns"]) / 1e9
        end_s = max(start_s, done_ns / 1e9 - lead_s)
        for step, sends in ways.radios(entry["node"], target) if target != entry["node"] else ():
            there, back = int(entry["sent_bytes"]), int(entry["received_bytes"])
            up, down = (there, back) if sends else (back, there)
            if up or down:
                yield Transfer(request, ways.owner(step), step.link.radio, start_s, end_s, up, down)
        start_s += entry["network_ns"] / 2e9
        lead_s += entry["network_ns"] / 2e9
