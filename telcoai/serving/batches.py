"""Requests that wait for the same stage, formed into batches that hold one core together.

A batch is formed of requests alike in variant, stage, form of activations, batch, wait and priority. It asks for a core
once it is full, or once its first request has waited as long as it may; who comes before it has got one still joins, up
to its size. After each stage some leave by an exit and some go on to other nodes; the others run the next stage
together, on the same core. So a batch takes whom it finds when a core comes free, as in Clipper (Crankshaw et al.,
NSDI'17), with a bound on how long it waits for more.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from telcoai.serving.jobs import Answer, Job
from telcoai.serving.refusals import Refused
from telcoai.serving.stage_calls import Machine, Outcome, StageCalls, move_on
from telcoai.serving.stats import Stats

_Key = tuple[str, int, str, int, float, int]


@dataclass(frozen=True, slots=True)
class _Member:
    """A request in a batch. ``left``: ends with its answer, or with None when it goes on elsewhere."""

    job: Job
    asked_ns: int
    left: asyncio.Future[Answer | None]

    def leave(self, answer: Answer | None) -> None:
        if not self.left.done():
            self.left.set_result(answer)

    def fail(self, error: BaseException) -> None:
        if not self.left.done():
            self.left.set_exception(error)


@dataclass(frozen=True, slots=True)
class _Batch:
    """``ready`` ends when the batch is full or has waited long enough."""

    key: _Key
    members: list[_Member]
    ready: asyncio.Future[None]


class Batches:
    """Forms batches and runs them on this node's cores."""

    def __init__(self, node: str, machine: Machine, calls: StageCalls, stats: Stats) -> None:
        self._node = node
        self._cores = machine.cores
        self._pacer = machine.pacer
        self._calls = calls
        self._stats = stats
        self._open: dict[_Key, _Batch] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, job: Job) -> Answer | None:
        """Run stages in a batch until the job leaves at an exit, or has to go on elsewhere (None; ``job`` updated).

        Refused(503) at once when the queue is full, 504 when its deadline passed in the queue.
        """
        self._cores.enter()
        member = _Member(job, time.monotonic_ns(), asyncio.get_running_loop().create_future())
        batch = self._open.get(_key(job)) or self._new(job, member.asked_ns)
        batch.members.append(member)
        if len(batch.members) == job.route.batch:
            del self._open[batch.key]
            if not batch.ready.done():
                batch.ready.set_result(None)
        return await member.left

    def _new(self, job: Job, now_ns: int) -> _Batch:
        """A batch that the job's like may join from now on; it serves itself."""
        batch = _Batch(_key(job), [], asyncio.get_running_loop().create_future())
        if job.route.batch_wait_ms > 0:
            self._pacer.wake(now_ns + round(job.route.batch_wait_ms * 1e6), batch.ready)
        else:
            batch.ready.set_result(None)
        self._open[batch.key] = batch
        task = asyncio.create_task(self._serve(batch, job.route.priority))
        self._tasks.add(task)
        task.add_done_callback(lambda ended: self._ended(batch, ended))
        return batch

    async def _serve(self, batch: _Batch, priority: int) -> None:
        """Wait until the batch is ready, hold a core for it, and run it to the end."""
        try:
            await batch.ready
            taken_ns = at_ns = await self._cores.hold(priority)
        finally:
            if self._open.get(batch.key) is batch:
                del self._open[batch.key]
            self._cores.leave(len(batch.members))
        staying = [one for one in batch.members if self._begins(one, taken_ns)]
        self._stats.batches += 1 if staying else 0
        self._stats.batched += len(staying)
        try:
            while staying:
                started_ns = at_ns
                outcomes, at_ns = await self._calls.call([one.job for one in staying], started_ns)
                for one, core_ns in zip(staying, _split(at_ns - started_ns, len(staying)), strict=True):
                    one.job.ledger.core_ns += core_ns
                    one.job.ledger.compute_ns += max(0, at_ns - max(started_ns, one.asked_ns))
                both = zip(staying, outcomes, strict=True)
                staying = [one for one, outcome in both if self._stays(one, outcome)]
        finally:
            self._cores.give(taken_ns, at_ns)

    def _begins(self, one: _Member, taken_ns: int) -> bool:
        """Whether the request runs at all: whoever asked has not gone, and its deadline has not passed."""
        one.job.ledger.queue_ns += max(0, taken_ns - one.asked_ns)
        if one.left.done():
            return False
        try:
            one.job.check_deadline(f"in the queue of {self._node}")
        except Refused as err:
            one.fail(err)
            return False
        return True

    def _stays(self, one: _Member, outcome: Outcome) -> bool:
        """Whether the next stage of the request is for this batch too; else it leaves."""
        if one.left.done():
            return False
        if isinstance(outcome, Refused):
            one.fail(outcome)
            return False
        answer = move_on(one.job, outcome)
        if answer is not None or one.job.route.hops[one.job.route.stage] != self._node:
            one.leave(answer)
            return False
        return True

    def _ended(self, batch: _Batch, task: asyncio.Task[None]) -> None:
        """Nobody waits for a batch that came to nothing: its error is that of all who are left in it."""
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        for one in batch.members:
            if error is not None:
                one.fail(error)
            else:
                one.left.cancel()


def _key(job: Job) -> _Key:
    route = job.route
    return route.variant, route.stage, route.wire, route.batch, route.batch_wait_ms, route.priority


def _split(total_ns: int, parts: int) -> list[int]:
    """Shares of whole nanoseconds, as equal as can be, that add up to the total."""
    return [(k + 1) * total_ns // parts - k * total_ns // parts for k in range(parts)]
