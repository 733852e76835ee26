"""What is asked of simulated nodes, what is left to do of it, and the row that is kept of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from telcoai.load.answers import DROPPED
from telcoai.load.client import REFUSED
from telcoai.load.rows import Hop, Row
from telcoai.model.plan import Assignment
from telcoai.model.timing import batch_seconds, decode_seconds, once_seconds, stage_seconds
from telcoai.model.topology import DeviceProfile
from telcoai.model.wire import wire_bytes
from telcoai.model.workload import Variant, WorkloadInfo
from telcoai.strategy.course import REQUEST_HEADER_BYTES
from telcoai.strategy.exits import never
from telcoai.workload.chain import Answers


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
class Note:
    """What a hop would report of the request, in seconds and bytes."""

    node: str
    queue_s: float = 0.0
    compute_s: float = 0.0
    core_s: float = 0.0
    network_s: float = 0.0
    sent: int = 0
    received: int = 0

    def hop(self) -> Hop:
        """The entry as it stands in a row."""
        queue_ns, compute_ns, network_ns = (round(s * 1e9) for s in (self.queue_s, self.compute_s, self.network_s))
        core_ns, bytes_ = round(self.core_s * 1e9), (self.sent, self.received)
        return Hop(self.node, queue_ns, compute_ns, network_ns, *bytes_, overrun=False, replayed=True, core_ns=core_ns)


class Refused(Exception):
    """The request gets this status for an answer."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


@dataclass(slots=True)
class Job:
    """What is left to do of a request. ``batch``, ``batch_wait_ms`` and ``priority`` are the plan's."""

    service: SimulatedService
    device: str
    variant: Variant
    hops: tuple[str, ...]
    thresholds: tuple[float, ...]
    wire: str
    sample: int
    notes: list[Note]
    batch: int = 1
    batch_wait_ms: float = 0.0
    priority: int = 0
    stage: int = 0

    @property
    def likeness(self) -> tuple[str, int, str, int, float, int]:
        """Equal for those who may be in one batch at a node."""
        return self.variant.name, self.stage, self.wire, self.batch, self.batch_wait_ms, self.priority

    def note(self, node: str) -> Note:
        """The entry of a hop; the device's own serves again when it falls back on itself."""
        if not (self.notes and self.notes[0].node == node):
            self.notes.append(Note(node))
            return self.notes[-1]
        return self.notes[0]

    def has_jpeg_at(self, node: str) -> bool:
        """Whether a frame has to be decoded there, before the next stage."""
        return self.stage == 0 and node != self.device and bool(self.service.frame_bytes)

    def payload(self) -> int:
        """Bytes that the next stage's node is sent."""
        if self.stage == 0:
            frame = self.service.frame_bytes.get(self.variant.name, self.variant.input_bytes)
            return frame + REQUEST_HEADER_BYTES
        values = self.variant.stages[self.stage - 1].activation_values
        return wire_bytes(values, self.wire) + REQUEST_HEADER_BYTES

    def stages_at(self, node: str) -> list[tuple[str, int]]:
        """The stages in a row, from the next one on, that are a node's, each with its variant."""
        last = self.stage
        while last + 1 < len(self.hops) and self.hops[last + 1] == node:
            last += 1
        return [(self.variant.name, stage) for stage in range(self.stage, last + 1)]

    def leaves(self) -> bool:
        """Whether the request is answered by the exit after the stage that has just run; else the next one is next."""
        if self.stage == len(self.thresholds):
            return True
        said = self.service.answers[self.variant.name, self.wire].confidence[self.sample, self.stage]
        if said >= self.thresholds[self.stage]:
            return True
        self.stage += 1
        return False


def call_seconds(jobs: Sequence[Job], node: str, profile: DeviceProfile) -> float:
    """Paced time of the next stage there, of all jobs together; Refused when the node can't run it."""
    variant, stage, family = jobs[0].variant, jobs[0].stage, jobs[0].service.workload.family
    frames = sum(job.has_jpeg_at(node) for job in jobs)
    try:
        whole_s = stage_seconds(profile, variant, stage, family)
        if len(jobs) > 1:
            whole_s = batch_seconds(whole_s, once_seconds(profile, variant, stage, family), len(jobs))
        return whole_s + (frames * decode_seconds(profile, variant) if frames else 0.0)
    except KeyError as err:
        raise Refused("500") from err


def job_of(service: SimulatedService, one: Arrival, assignment: Assignment) -> Job:
    """A request as its device begins it, on the first row of hops."""
    variant = service.workload.variant(assignment.variant)
    chosen = (assignment.hops, assignment.thresholds, assignment.wire)
    queueing = (assignment.batch, assignment.batch_wait_ms, assignment.priority)
    return Job(service, one.device, variant, *chosen, one.sample, [], *queueing)


def default_of(service: SimulatedService, device: str) -> Assignment:
    """What stands in for a plan where there is none, whose requests are refused."""
    variant = service.workload.variants[0]
    return Assignment(service.name, device, variant.name, (device,) * len(variant.stages), never(variant))


def local_of(job: Job, assignment: Assignment) -> Job:
    """The whole of the fallback variant on the device itself."""
    variant = job.service.workload.variant(assignment.fallback_variant or assignment.variant)
    hops = (job.device,) * len(variant.stages)
    fixed = (hops, never(variant), "fp16", job.sample, job.notes)
    return Job(job.service, job.device, variant, *fixed, priority=assignment.priority)


def rest_of(job: Job, assignment: Assignment) -> Job:
    """A request that isn't admitted: refused, or at the device's own first exit."""
    if assignment.otherwise == "drop":
        raise Refused(DROPPED)
    local = local_of(job, assignment)
    local.thresholds = (0.0,) * len(local.thresholds)
    return local


def row_of(one: Arrival, job: Job, status: str, fallback: str, now_s: float) -> Row:
    """A request that has ended now; of a refused one nothing came back."""
    is_answered, due_ns = status == "200", round(one.due_s * 1e9)
    done_ns = -1 if status == REFUSED else round(now_s * 1e9)
    answers = job.service.answers[job.variant.name, job.wire]
    prediction = int(answers.prediction[one.sample, job.stage]) if is_answered else -1
    notes = [] if status == REFUSED else job.notes
    label = int(job.service.labels[one.sample])
    in_time = math.isnan(one.deadline_ms) or done_ns - due_ns <= one.deadline_ms * 1e6
    return Row(
        request_id=one.number,
        warmup=one.is_warmup,
        scheduled_ns=due_ns,
        sent_ns=due_ns if job.notes or status != REFUSED else -1,
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
        bytes_sent=notes[0].sent if notes else 0,
        bytes_received=notes[0].received if notes else 0,
        hops=tuple(note.hop() for note in notes),
        deadline_ms=one.deadline_ms,
        on_time=is_answered and in_time,
        fallback=fallback,
    )
