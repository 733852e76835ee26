"""What one request of an assignment goes through: stages, links crossed, and the exits where it may leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from telcoai.model.routes import Step
from telcoai.model.view import ServiceView
from telcoai.model.wire import wire_bytes
from telcoai.model.workload import WorkloadInfo
from telcoai.strategy.batch_times import ALONE, Gathering, Place, Row
from telcoai.strategy.exits import Option
from telcoai.strategy.frames import Frames, frames_of
from telcoai.strategy.pipe import REPLY_BYTES, backward, occupied_s
from telcoai.strategy.queueing import ahead
from telcoai.strategy.sites import Sites

REQUEST_HEADER_BYTES = 700
"""HTTP head and tensor header of a request between nodes, the route included."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where requests come from: a device with its rate, the workload that they are for, and how frames travel.

    ``percentile``: that of latency which is asked for.
    ``gathered``: where requests run in batches; everywhere else they run alone.
    ``dispersion``: how they cluster, as in the service's view.
    """

    device: str
    workload: WorkloadInfo
    rate_per_s: float
    frames: Frames = field(default_factory=Frames)
    percentile: float = 95.0
    gathered: Mapping[Place, Gathering] = field(default_factory=dict)
    dispersion: float = 1.0


def origin_of(
    service: ServiceView, device: str, share: float = 1.0, gathered: Mapping[Place, Gathering] | None = None
) -> Origin:
    """Where a service's requests, or a share of them, come from at one of its devices."""
    return Origin(
        device,
        service.workload,
        share * service.rate_per_s[device],
        frames_of(service),
        service.requirements.percentile,
        gathered or {},
        1 + share * (service.dispersion - 1),
    )


@dataclass(frozen=True, slots=True)
class Visit:
    """Stages in a row on one node. ``share`` of requests get there and take ``seconds`` of a core each, on average,
    when as many as may run together: under much load they do, so queues go by that. On average ``size`` run together,
    and answer for ``held_s`` each; None: for ``seconds``.
    """

    node: str
    cores: int
    share: float
    seconds: float
    size: float = 1.0
    held_s: float | None = None

    @property
    def core_s(self) -> float:
        """Seconds of a core that each of those who get there answers for."""
        return self.seconds if self.held_s is None else self.held_s


@dataclass(frozen=True, slots=True)
class Crossing:
    """One direction of a link. ``share`` of requests cross it with ``payload`` bytes and occupy it ``seconds`` each.

    ``is_reply``: on the way back. Each crossing there is followed by the one back.
    """

    link: str
    upward: bool
    share: float
    seconds: float
    payload: int
    is_reply: bool


@dataclass(frozen=True, slots=True)
class Way:
    """The way of those who leave at one exit: ``share`` of requests, mean ``seconds`` without any queueing, how much
    ``late_s`` is more at the percentile, and how many of the course's visits and crossings it takes, counted from the
    first. ``burst_s``: mean wait for those of the same burst, which queue up once, where the way is narrowest."""

    share: float
    seconds: float
    late_s: float
    visits: int
    crossings: int
    burst_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Course:
    """Everything that a prediction needs of an assignment; loads on nodes and links come on top."""

    visits: tuple[Visit, ...]
    crossings: tuple[Crossing, ...]
    ways: tuple[Way, ...]
    dispersion: float = 1.0


@dataclass(frozen=True, slots=True)
class _Leg:
    """Consecutive stages ``first`` … ``last`` on ``node``, reached from ``source`` over ``way`` with so many bytes."""

    source: str
    node: str
    first: int
    last: int
    way: tuple[Step, ...]
    payload: int


def course(option: Option, hops: tuple[str, ...], wire: str, sites: Sites, origin: Origin) -> Course | None:
    """The course of a request. None when a hop can't be reached, can't run the variant or can't hold it.

    A frame that travels as JPEG is decoded in the time of stage 0.
    """
    legs = _legs(option, hops, wire, sites, origin)
    stages = [sites.seconds(hop, origin.workload, option.variant) for hop in hops]
    if legs is None or any(times is None for times in stages) or not sites.holds(hops, option.variant):
        return None
    seconds = [times[index] for index, times in enumerate(stages) if times is not None]
    if hops[0] != origin.device:
        seconds[0] += origin.frames.decode_s(sites.profile(hops[0]), option.variant)
    reach = option.forecast.reach
    visits: list[Visit] = []
    crossings: list[Crossing] = []
    ways: list[Way] = []
    spent = late_s = burst_s = 0.0
    for leg in legs:
        share = reach[leg.first]
        crossed = _crossings(leg, share)
        crossings += crossed
        over = sites.pipe(leg.source, leg.node, origin.rate_per_s, origin.percentile, origin.dispersion)
        spent += over.seconds(leg.payload)
        late_s += over.tail_s(leg.payload)
        here = origin.gathered.get((leg.node, leg.first), ALONE)
        own = slice(leg.first, leg.last + 1)
        row = Row(seconds[own], _once(leg, option, sites, origin) if here.most > 1 else seconds[own], reach[own])
        held_s = row.held_s(here.most) / here.most
        times = held_s, here.size, held_s if here is ALONE else row.held_s(here.size) / here.size
        visits.append(Visit(leg.node, sites.profile(leg.node).cores, share, *times))
        behind = ahead(origin.dispersion, share, 1)
        burst_s = max(burst_s, _burst_s(visits[-1], origin), *(behind * one.seconds for one in crossed))
        spent += here.mean_s
        late_s += here.late_s
        for stage, stage_s in enumerate(row.stages_s(here.size), leg.first):
            spent += stage_s
            ways.append(Way(option.forecast.leave[stage], spent, late_s, len(visits), len(crossings), burst_s))
    return Course(tuple(visits), tuple(crossings), tuple(ways), origin.dispersion)


def _burst_s(visit: Visit, origin: Origin) -> float:
    return ahead(origin.dispersion, visit.share, visit.cores) * visit.seconds


def _once(leg: _Leg, option: Option, sites: Sites, origin: Origin) -> tuple[float, ...]:
    return sites.once(leg.node, origin.workload, option.variant)[leg.first : leg.last + 1]


def _legs(option: Option, hops: tuple[str, ...], wire: str, sites: Sites, origin: Origin) -> list[_Leg] | None:
    legs: list[_Leg] = []
    here = origin.device
    for first, last in rows(hops):
        way = sites.route(here, hops[first])
        if way is None:
            return None
        legs.append(_Leg(here, hops[first], first, last, way, payload_bytes(option, first, wire, origin.frames)))
        here = hops[first]
    return legs


def rows(hops: tuple[object, ...]) -> Iterator[tuple[int, int]]:
    """First and last stage of each row of stages on one node."""
    first = 0
    for index in range(1, len(hops) + 1):
        if index == len(hops) or hops[index] != hops[first]:
            yield first, index - 1
            first = index


def payload_bytes(option: Option, stage: int, wire: str, frames: Frames) -> int:
    """Bytes that the node of this stage is sent: the frame, or the activation of the stage before."""
    if stage == 0:
        return frames.bytes_of(option.variant) + REQUEST_HEADER_BYTES
    return wire_bytes(option.variant.stages[stage - 1].activation_values, wire) + REQUEST_HEADER_BYTES


def _crossings(leg: _Leg, share: float) -> list[Crossing]:
    found = []
    for step in leg.way:
        there, back = occupied_s(step.state, leg.payload), occupied_s(backward(step), REPLY_BYTES)
        found.append(Crossing(step.link.name, step.upward, share, there, leg.payload, is_reply=False))
        found.append(Crossing(step.link.name, not step.upward, share, back, REPLY_BYTES, is_reply=True))
    return found
