"""Stages on a simulated node's cores: alone, or in batches that are formed as the node runtime forms them.

See ``telcoai.serving.batches`` for when a batch asks for a core, who joins it and who leaves it.
"""

from __future__ import annotations

from telcoai.orchestrator.runtimes import QUEUE
from telcoai.simulation.batches import Batch, Member
from telcoai.simulation.events import Cores, Events, Process
from telcoai.simulation.jobs import Job, Note, Refused, call_seconds
from telcoai.simulation.nodes import SimulatedNode


def compute(job: Job, node: SimulatedNode, note: Note, events: Events) -> Process:
    """Hold a core for the stages in a row that are this node's; whether the request left at an exit.

    Refused when the queue is full or the node can't run a stage, NodeGone when all there is lost meanwhile.
    """
    if node.cores.queued >= QUEUE and not node.cores.are_free:
        raise Refused("503")
    return (yield from (_together if job.batch > 1 else _alone)(job, node, note, events))


def _alone(job: Job, node: SimulatedNode, note: Note, events: Events) -> Process:
    cores, epoch, asked_s = node.cores, node.epoch, events.now_s
    yield from cores.take(job.priority)
    node.check(epoch)
    taken_s, stages, held_s, is_done = events.now_s, 0, 0.0, False
    try:
        while not is_done and job.hops[job.stage] == node.name:
            held_s += call_seconds((job,), node.name, node.profile)
            stages += 1
            is_done = job.leaves()
    except Refused:
        cores.give(0.0)
        raise
    yield taken_s + held_s
    node.check(epoch)
    note.queue_s += taken_s - asked_s
    note.compute_s += held_s
    note.core_s += held_s
    node.note_stages(stages)
    cores.give(held_s)
    return is_done


def _together(job: Job, node: SimulatedNode, note: Note, events: Events) -> Process:
    epoch, member, likeness = node.epoch, Member(job, note, events.now_s, events), job.likeness
    node.cores.queued += 1
    batch = node.open_batches.get(likeness)
    if batch is None:
        batch = node.open_batches[likeness] = Batch()
        serving = _Serving(batch, likeness, node, events)
        events.at(events.now_s + job.batch_wait_ms / 1e3, serving.begin)
    batch.members.append(member)
    if len(batch.members) == job.batch:
        del node.open_batches[likeness]
        _Serving(batch, likeness, node, events).begin()
    yield member
    node.check(epoch)
    if member.refused is not None:
        raise member.refused
    return member.is_done


class _Serving:
    """A batch's way over a core of a node."""

    def __init__(self, batch: Batch, likeness: tuple[object, ...], node: SimulatedNode, events: Events) -> None:
        self._batch = batch
        self._likeness = likeness
        self._node = node
        self._events = events
        self._epoch = node.epoch

    def begin(self) -> None:
        """Ask for a core, if nobody has yet."""
        if not self._batch.has_begun:
            self._batch.has_begun = True
            self._events.start(self._serve(self._node.cores))

    def _serve(self, cores: Cores) -> Process:
        batch, node, events = self._batch, self._node, self._events
        yield from cores.hold(batch.members[0].job.priority)
        if node.open_batches.get(self._likeness) is batch:
            del node.open_batches[self._likeness]
        cores.queued -= len(batch.members)
        taken_s, staying = events.now_s, list(batch.members)
        for one in staying:
            one.note.queue_s += taken_s - one.asked_s
        while staying and self._goes_on:
            staying = yield from self._stage(staying)
        for one in staying:
            one.leave()
        cores.give(events.now_s - taken_s)

    @property
    def _goes_on(self) -> bool:
        """Whether what runs on the node is what ran when the batch was formed."""
        return self._node.runs and self._node.epoch == self._epoch

    def _stage(self, members: list[Member]) -> Process:
        """Run the next stage of all together; those whose stage after it is this node's, too."""
        node, events = self._node, self._events
        try:
            seconds = call_seconds([one.job for one in members], node.name, node.profile)
        except Refused as refused:
            for one in members:
                one.refused = refused
                one.leave()
            return []
        yield events.now_s + seconds
        if not self._goes_on:
            return members
        node.note_stages(len(members))
        staying = []
        for one in members:
            one.note.compute_s += seconds
            one.note.core_s += seconds / len(members)
            one.is_done = one.job.leaves()
            if one.is_done or one.job.hops[one.job.stage] != node.name:
                one.leave()
            else:
                staying.append(one)
        return staying
