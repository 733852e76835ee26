"""What one request of an assignment goes through: stages, links crossed, and the exits where it may leave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from telcoai.model.routes import Step
from telcoai.model.topology import LinkState
from telcoai.model.wire import wire_bytes
from telcoai.model.workload import WorkloadInfo
from telcoai.strategy.exits import Option
from telcoai.strategy.sites import Sites

REQUEST_HEADER_BYTES = 700
"""HTTP head and tensor header of a request between nodes, the route included."""

REPLY_BYTES = 600
"""A reply: head with timings, and the prediction."""

SEGMENT_BYTES = 1448
"""Payload of a full TCP segment on an MTU of 1500, time stamps on."""

HEADER_SHARE = 52 / SEGMENT_BYTES
"""IP and TCP headers, per byte of payload."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Stages in a row on one node. ``share`` of requests get there and hold a core ``seconds`` each, on average."""

    node: str
    cores: int
    share: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Crossing:
    """One direction of a link. ``share`` of requests cross it and occupy it ``seconds`` each."""

    link: str
    upward: bool
    share: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Way:
    """The way of those who leave at one exit: ``share`` of requests, ``seconds`` without any waiting, and how many of
    the course's visits and crossings it takes, counted from the first."""

    share: float
    seconds: float
    jitter_s: float
    visits: int
    crossings: int


@dataclass(frozen=True, slots=True)
class Course:
    """Everything that a prediction needs of an assignment; loads on nodes and links come on top."""

    visits: tuple[Visit, ...]
    crossings: tuple[Crossing, ...]
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class _Leg:
    """Consecutive stages ``first`` … ``last`` on ``node``, reached over ``way`` with ``payload`` bytes."""

    node: str
    first: int
    last: int
    way: tuple[Step, ...]
    payload: int


def course(
    option: Option, hops: tuple[str, ...], wire: str, sites: Sites, place: tuple[str, WorkloadInfo]
) -> Course | None:
    """The course of a request; ``place`` is the device that it starts at and the workload. None when a hop can't be
    reached or can't run the variant."""
    device, workload = place
    legs = _legs(option, hops, wire, sites, device)
    stages = [sites.seconds(hop, workload, option.variant) for hop in hops]
    if legs is None or any(times is None for times in stages):
        return None
    seconds = [times[index] for index, times in enumerate(stages) if times is not None]
    reach = option.forecast.reach
    visits: list[Visit] = []
    crossings: list[Crossing] = []
    ways: list[Way] = []
    spent = jitter_s = 0.0
    for leg in legs:
        share = reach[leg.first]
        crossings += _crossings(leg, share)
        spent += crossing_seconds(leg.way, leg.payload)
        jitter_s += sum(step.link.up.jitter_ms + step.link.down.jitter_ms for step in leg.way) / 1e3
        held = sum(seconds[k] * reach[k] for k in range(leg.first, leg.last + 1))
        visits.append(Visit(leg.node, sites.profile(leg.node).cores, share, held / share if share > 0 else 0.0))
        for stage in range(leg.first, leg.last + 1):
            spent += seconds[stage]
            ways.append(Way(option.forecast.leave[stage], spent, jitter_s, len(visits), len(crossings)))
    return Course(tuple(visits), tuple(crossings), tuple(ways))


def _legs(option: Option, hops: tuple[str, ...], wire: str, sites: Sites, device: str) -> list[_Leg] | None:
    legs: list[_Leg] = []
    here = device
    for first, last in rows(hops):
        way = sites.route(here, hops[first])
        if way is None:
            return None
        legs.append(_Leg(hops[first], first, last, way, payload_bytes(option, first, wire)))
        here = hops[first]
    return legs


def rows(hops: tuple[object, ...]) -> Iterator[tuple[int, int]]:
    """First and last stage of each row of stages on one node."""
    first = 0
    for index in range(1, len(hops) + 1):
        if index == len(hops) or hops[index] != hops[first]:
            yield first, index - 1
            first = index


def payload_bytes(option: Option, stage: int, wire: str) -> int:
    """Bytes that the node of this stage is sent: the frame, or the activation of the stage before."""
    if stage == 0:
        return option.variant.input_bytes + REQUEST_HEADER_BYTES
    return wire_bytes(option.variant.stages[stage - 1].activation_values, wire) + REQUEST_HEADER_BYTES


def crossing_seconds(way: tuple[Step, ...], payload: int) -> float:
    """Time for a request of ``payload`` bytes over these links and its reply back, without waiting, in seconds.

    Store and forward: only the slowest link's sending time counts in full, since segments follow one another; each
    other link adds one segment's. A lost segment costs one more round trip.
    """
    if not way:
        return 0.0
    there = [step.state for step in way]
    back = [step.link.down if step.upward else step.link.up for step in way]
    round_trip = sum(state.delay_ms for state in (*there, *back)) / 1e3
    kept = 1.0
    for state in (*there, *back):
        kept *= 1 - state.loss
    lost = (1 - kept) * max(1.0, payload / SEGMENT_BYTES)
    return _sending(there, payload) + _sending(back, REPLY_BYTES) + round_trip * (1 + lost)


def _sending(states: list[LinkState], payload: int) -> float:
    slowest = max(_occupied(state, payload) for state in states)
    segment = min(payload, SEGMENT_BYTES)
    return slowest + sum(_occupied(s, segment) for s in states) - max(_occupied(s, segment) for s in states)


def _occupied(state: LinkState, payload: int) -> float:
    """Time that a link's shaper takes for a payload, headers included, in seconds."""
    return payload * (1 + HEADER_SHARE) * 8 / state.rate_bps


def _crossings(leg: _Leg, share: float) -> list[Crossing]:
    found = []
    for step in leg.way:
        back = step.link.down if step.upward else step.link.up
        found.append(Crossing(step.link.name, step.upward, share, _occupied(step.state, leg.payload)))
        found.append(Crossing(step.link.name, not step.upward, share, _occupied(back, REPLY_BYTES)))
    return found
