"""One request on its way through simulated nodes, as the node runtime would serve it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from telcoai.load.client import REFUSED
from telcoai.load.rows import Row
from telcoai.model.admission import is_admitted
from telcoai.model.plan import Assignment
from telcoai.model.routes import Step
from telcoai.model.turns import turn_of
from telcoai.serving.client import DEAD_AFTER_S
from telcoai.simulation.computing import compute
from telcoai.simulation.events import Process
from telcoai.simulation.jobs import (
    Arrival,
    Job,
    Note,
    Refused,
    SimulatedService,
    default_of,
    job_of,
    local_of,
    rest_of,
    row_of,
)
from telcoai.simulation.memory import NoRoom
from telcoai.simulation.nodes import NodeGone, SimulatedNode
from telcoai.simulation.world import ALL, World
from telcoai.strategy.pipe import REPLY_BYTES
from telcoai.strategy.tcp import FIRST_RTO_S, LEAST_RTO_S, Connection


class Requests:
    """Serves arrivals under the plan in force, and keeps a row of each that ended."""

    def __init__(self, world: World, services: Mapping[str, SimulatedService]) -> None:
        self.rows: dict[tuple[str, str], list[Row]] = {}
        self.plan: dict[tuple[str, str], Assignment] = {}
        self._world = world
        self._services = services

    def stage_counts(self, service: str) -> dict[str, int]:
        """How many stages each variant of a service has."""
        return {variant.name: len(variant.stages) for variant in self._services[service].workload.variants}

    def serve(self, one: Arrival) -> Process:
        """The whole of a request; none is kept of one whose device's drivers aren't there, or go while it is under way.
        Without its device's runtime it is refused."""
        device, service = self._world.nodes[one.device], self._services[one.service]
        if not device.sends:
            return
        epoch = device.epoch
        planned = self.plan.get((one.service, one.device))
        assignment = planned or default_of(service, one.device)
        job = job_of(service, one, assignment)
        status, fallback = "200", ""
        try:
            _take_in(one.service, device, planned)
            number = device.arrivals[one.service] - 1
            job.hops = assignment.rows[turn_of(number, assignment)]
            if not is_admitted(number, assignment.admit):
                job = rest_of(job, assignment)
            try:
                yield from self._serve(job, device)
            except NodeGone as gone:
                if gone.node == one.device:
                    raise
                fallback = gone.node
                if assignment.fallback != "local":
                    raise Refused("502") from gone
                job = local_of(job, assignment)
                yield from self._serve(job, device)
            device.check(epoch)
        except NodeGone:
            if not device.sends:
                return
            status, fallback = REFUSED, ""
        except Refused as refused:
            status = refused.status
        now_s = self._world.events.now_s
        if status == "200":
            device.note_answer(one.service, (now_s - one.due_s) * 1e3)
        self.rows.setdefault((one.service, one.device), []).append(row_of(one, job, status, fallback, now_s))

    def _serve(self, job: Job, node: SimulatedNode) -> Process:
        """Run what is this node's, and have the rest done by the next."""
        note = job.note(node.name)
        if job.hops[job.stage] == node.name:
            is_done = yield from self._loaded(job, node, note)
            if is_done:
                return
        target, events = self._world.nodes[job.hops[job.stage]], self._world.events
        sent_s, payload, ends = events.now_s, job.payload(), (node.name, target.name)
        note.sent += payload
        radio, received = node.radio, 0
        radio.begin(round(sent_s * 1e9))
        try:
            connection = self._world.wires.take(ends, sent_s)
            yield from self._travel(*ends, payload, connection)
            there_s = events.now_s
            yield from self._answered(job, target)
            left_s = events.now_s
            yield from self._travel(target.name, node.name, REPLY_BYTES)
            received = REPLY_BYTES
        finally:
            radio.end(round(events.now_s * 1e9), payload, received)
        self._world.wires.give(ends, connection)
        note.received += received
        note.network_s += events.now_s - left_s + there_s - sent_s

    def _answered(self, job: Job, target: SimulatedNode) -> Process:
        """The next node does the rest; what it takes to notice that it is gone is waited for."""
        try:
            yield from self._serve(job, target)
        except NodeGone as gone:
            if gone.node == target.name and not target.up:
                yield self._world.events.now_s + DEAD_AFTER_S
            raise

    def _travel(self, source: str, target: str, payload: int, over: Connection | None = None) -> Process:
        """Send bytes from one node to another; NodeGone when they don't get there."""
        world = self._world
        yield from self._await_passage(source, target, over)
        way = world.way(source, target)
        if way is not None and not _drops_all(way):
            is_ready = world.nodes[target].runs
            yield world.wires.send(way, payload, world.events.now_s, over) if is_ready else self._refusal_s(way)
            if world.way(source, target) is not None:
                if world.nodes[target].runs and is_ready:
                    return
                raise NodeGone(target)
            yield world.events.now_s + DEAD_AFTER_S
        raise NodeGone(target)

    def _refusal_s(self, way: Sequence[Step]) -> float:
        """When a machine has said that nobody there takes a connection."""
        return self._world.events.now_s + sum(step.link.up.delay_ms + step.link.down.delay_ms for step in way) / 1e3

    def _await_passage(self, source: str, target: str, over: Connection | None) -> Process:
        """Where nothing passes, try again after each retransmission timeout, twice as long each time, until the hop is
        held for dead. A new connection's is longer, and one that is made starts over."""
        world, is_made = self._world, over is None or not over.is_new
        wait_s = LEAST_RTO_S if is_made else FIRST_RTO_S
        end_s = world.events.now_s + DEAD_AFTER_S
        while (way := world.way(source, target)) is None or _drops_all(way):
            if way is None or world.events.now_s >= end_s:
                yield end_s
                return
            yield min(world.events.now_s + wait_s, end_s)
            wait_s *= 2
            if over is not None and is_made:
                over.start_over()

    def _loaded(self, job: Job, node: SimulatedNode, note: Note) -> Process:
        """``compute`` once the stages that are this node's are loaded, which is waiting as for a core."""
        memory, keys, asked_s, epoch = node.memory, job.stages_at(node.name), self._world.events.now_s, node.epoch
        try:
            yield from memory.hold(keys)
        except NoRoom as err:
            raise Refused("503") from err
        try:
            node.check(epoch)
            note.queue_s += self._world.events.now_s - asked_s
            is_done = yield from compute(job, node, note, self._world.events)
        finally:
            memory.release(keys)
        return is_done


def _take_in(service: str, device: SimulatedNode, planned: Assignment | None) -> None:
    """A device's runtime takes a request: it has to be there, and to have a plan for the service."""
    if not device.runs:
        raise NodeGone(device.name)
    device.arrivals[service] += 1
    if planned is None or not device.is_planned:
        raise Refused("503")


def _drops_all(way: Sequence[Step]) -> bool:
    return any(step.state.loss >= ALL for step in way)
