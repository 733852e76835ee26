"""One request on its way through simulated nodes, as the node runtime would serve it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from telcoai.load.rows import Hop, Row
from telcoai.model.plan import Assignment
from telcoai.model.routes import Step
from telcoai.model.timing import decode_seconds, stage_seconds
from telcoai.model.wire import wire_bytes
from telcoai.model.workload import Variant, WorkloadInfo
from telcoai.orchestrator.runtimes import QUEUE
from telcoai.serving.client import DEAD_AFTER_S
from telcoai.simulation.events import Process
from telcoai.simulation.nodes import NodeGone, SimulatedNode
from telcoai.simulation.tcp import Connection
from telcoai.simulation.world import World
from telcoai.strategy.course import REQUEST_HEADER_BYTES
from telcoai.strategy.exits import never
from telcoai.strategy.pipe import LEAST_RTO_S, REPLY_BYTES
from telcoai.workload.chain import Answers

ALL = 0.95
"""From this share of lost packets on, nothing is taken to get through."""


@dataclass(frozen=True)
class SimulatedService:
    """A service's workload with its answers by (variant, wire), the labels, and how frames travel.

    ``frame_bytes``: mean bytes of a frame by variant; empty when frames travel raw.
    """

    name: str
    workload: WorkloadInfo
    answers: Mapping[tuple[str, str], Answers]
    labels: NDArray[np.integer]
    frame_bytes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request that is due: its number on its device, and the sample that it carries. No deadline is NaN."""

    service: str
    device: str
    number: int
    due_s: float
    sample: int
    is_warmup: bool
    deadline_ms: float = math.nan


@dataclass(slots=True)
class _Note:
    """What a hop would report of the request, in seconds and bytes."""

    node: str
    queue_s: float = 0.0
    compute_s: float = 0.0
    network_s: float = 0.0
    sent: int = 0
    received: int = 0

    def hop(self) -> Hop:
        queue_ns, compute_ns, network_ns = (round(s * 1e9) for s in (self.queue_s, self.compute_s, self.network_s))
        bytes_ = self.sent, self.received
        return Hop(self.node, queue_ns, compute_ns, network_ns, *bytes_, overrun=False, replayed=True)


class _Refused(Exception):
    """The request gets this status for an answer."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


@dataclass(slots=True)
class _Job:
    """What is left to do of a request."""

    service: SimulatedService
    device: str
    variant: Variant
    hops: tuple[str, ...]
    thresholds: tuple[float, ...]
    wire: str
    sample: int
    notes: list[_Note]
    stage: int = 0

    def note(self, node: str) -> _Note:
        """The entry of a hop; the device's own serves again when it falls back on itself."""
        if not (self.notes and self.notes[0].node == node):
            self.notes.append(_Note(node))
            return self.notes[-1]
        return self.notes[0]

    def seconds(self, node: SimulatedNode) -> float:
        """Paced time of the next stage there."""
        try:
            stage = stage_seconds(node.profile, self.variant, self.stage, self.service.workload.family)
            has_jpeg = self.stage == 0 and node.name != self.device and bool(self.service.frame_bytes)
            return stage + (decode_seconds(node.profile, self.variant) if has_jpeg else 0.0)
        except KeyError as err:
            raise _Refused("500") from err

    def payload(self) -> int:
        """Bytes that the next stage's node is sent."""
        if self.stage == 0:
            frame = self.service.frame_bytes.get(self.variant.name, self.variant.input_bytes)
            return frame + REQUEST_HEADER_BYTES
        values = self.variant.stages[self.stage - 1].activation_values
        return wire_bytes(values, self.wire) + REQUEST_HEADER_BYTES

    def leaves(self) -> bool:
        """Whether the request is answered by the exit after the stage that has just run."""
        if self.stage == len(self.thresholds):
            return True
        said = self.service.answers[self.variant.name, self.wire].confidence[self.sample, self.stage]
        return bool(said >= self.thresholds[self.stage])


class Requests:
    """Serves arrivals under the plan in force, and keeps a row of each that ended."""

    def __init__(self, world: World, services: Mapping[str, SimulatedService]) -> None:
        self.rows: dict[tuple[str, str], list[Row]] = {}
        self.plan: Mapping[tuple[str, str], Assignment] = {}
        self._world = world
        self._services = services

    def serve(self, one: Arrival) -> Process:
        """The whole of a request; none is kept of one whose device isn't there, or goes while it is under way."""
        device, service = self._world.nodes[one.device], self._services[one.service]
        if not device.runs:
            return
        device.arrivals[one.service] += 1
        assignment = self.plan[one.service, one.device]
        job = _job(service, one, assignment)
        status, fallback = "200", ""
        try:
            try:
                yield from self._serve(job, device)
            except NodeGone as gone:
                if gone.node == one.device:
                    return
                fallback = gone.node
                if assignment.fallback != "local":
                    raise _Refused("502") from gone
                job = _local(job, assignment)
                yield from self._serve(job, device)
        except NodeGone:
            return
        except _Refused as refused:
            status = refused.status
        now_s = self._world.events.now_s
        if status == "200":
            device.note_answer(one.service, (now_s - one.due_s) * 1e3)
        self.rows.setdefault((one.service, one.device), []).append(_row(one, job, status, fallback, now_s))

    def _serve(self, job: _Job, node: SimulatedNode) -> Process:
        """Run what is this node's, and have the rest done by the next."""
        note = job.note(node.name)
        if job.hops[job.stage] == node.name:
            is_done = yield from self._compute(job, node, note)
            if is_done:
                return
        target, events = self._world.nodes[job.hops[job.stage]], self._world.events
        sent_s, payload, ends = events.now_s, job.payload(), (node.name, target.name)
        note.sent += payload
        connection = self._world.wires.take(ends, sent_s)
        yield from self._travel(*ends, payload, connection)
        there_s = events.now_s
        try:
            yield from self._serve(job, target)
        except NodeGone as gone:
            if gone.node == target.name:
                yield events.now_s + DEAD_AFTER_S
            raise
        left_s = events.now_s
        yield from self._travel(target.name, node.name, REPLY_BYTES)
        self._world.wires.give(ends, connection)
        note.received += REPLY_BYTES
        note.network_s += events.now_s - left_s + there_s - sent_s

    def _travel(self, source: str, target: str, payload: int, over: Connection | None = None) -> Process:
        """Send bytes from one node to another; NodeGone when they don't get there."""
        world = self._world
        yield from self._await_passage(source, target)
        way = world.way(source, target)
        if way is not None and not _drops_all(way):
            yield world.wires.send(way, payload, world.events.now_s, over)
            if world.way(source, target) is not None:
                return
            yield world.events.now_s + DEAD_AFTER_S
        raise NodeGone(target)

    def _await_passage(self, source: str, target: str) -> Process:
        """Where nothing passes, try again after each retransmission timeout, twice as long each time, until the hop is
        held for dead."""
        world, wait_s = self._world, LEAST_RTO_S
        end_s = world.events.now_s + DEAD_AFTER_S
        while (way := world.way(source, target)) is None or _drops_all(way):
            if way is None or world.events.now_s >= end_s:
                yield end_s
                return
            yield min(world.events.now_s + wait_s, end_s)
            wait_s *= 2

    def _compute(self, job: _Job, node: SimulatedNode, note: _Note) -> Process:
        """Hold a core for the stages in a row that are this node's; whether the request left at an exit."""
        cores, epoch, events = node.cores, node.epoch, self._world.events
        asked_s = events.now_s
        if cores.queued >= QUEUE:
            raise _Refused("503")
        yield from cores.take()
        node.check(epoch)
        taken_s, stages, held_s = events.now_s, 0, 0.0
        while True:
            held_s += job.seconds(node)
            stages += 1
            is_done = job.leaves()
            if not is_done:
                job.stage += 1
            if is_done or job.hops[job.stage] != node.name:
                break
        yield taken_s + held_s
        node.check(epoch)
        note.queue_s += taken_s - asked_s
        note.compute_s += held_s
        node.note_stages(stages)
        cores.give(held_s)
        return is_done


def _drops_all(way: Sequence[Step]) -> bool:
    return any(step.state.loss >= ALL for step in way)


def _job(service: SimulatedService, one: Arrival, assignment: Assignment) -> _Job:
    variant = service.workload.variant(assignment.variant)
    chosen = (assignment.hops, assignment.thresholds, assignment.wire)
    return _Job(service, one.device, variant, *chosen, one.sample, [])


def _local(job: _Job, assignment: Assignment) -> _Job:
    """The whole of the fallback variant on the device itself."""
    variant = job.service.workload.variant(assignment.fallback_variant or assignment.variant)
    hops = (job.device,) * len(variant.stages)
    return _Job(job.service, job.device, variant, hops, never(variant), "fp16", job.sample, job.notes)


def _row(one: Arrival, job: _Job, status: str, fallback: str, now_s: float) -> Row:
    due_ns, done_ns = round(one.due_s * 1e9), round(now_s * 1e9)
    is_answered = status == "200"
    answers = job.service.answers[job.variant.name, job.wire]
    prediction = int(answers.prediction[one.sample, job.stage]) if is_answered else -1
    label = int(job.service.labels[one.sample])
    in_time = math.isnan(one.deadline_ms) or done_ns - due_ns <= one.deadline_ms * 1e6
    return Row(
        request_id=one.number,
        warmup=one.is_warmup,
        scheduled_ns=due_ns,
        sent_ns=due_ns,
        first_byte_ns=done_ns,
        done_ns=done_ns,
        status=status,
        exit=job.stage if is_answered else -1,
        variant=job.variant.name if is_answered else "",
        placement=",".join(job.hops) if is_answered else "",
        sample=one.sample,
        prediction=prediction,
        label=label,
        correct=is_answered and prediction == label,
        bytes_sent=job.notes[0].sent if job.notes else 0,
        bytes_received=job.notes[0].received if job.notes else 0,
        hops=tuple(note.hop() for note in job.notes),
        deadline_ms=one.deadline_ms,
        on_time=is_answered and in_time,
        fallback=fallback,
    )
