"""Running a job's next stages on this node: a core, or a place in a batch, and then stage after stage."""

from __future__ import annotations

import time

from telcoai.serving.batches import Batches
from telcoai.serving.config import NodeConfig
from telcoai.serving.jobs import Answer, Job
from telcoai.serving.refusals import Refused
from telcoai.serving.residency import Key
from telcoai.serving.stage_calls import Machine, StageCalls, move_on
from telcoai.serving.stats import Stats


class StageRunner:
    """Runs stages of jobs on this node's cores."""

    def __init__(self, config: NodeConfig, machine: Machine, stats: Stats) -> None:
        self._node = config.node
        self._cores = machine.cores
        self._residency = machine.residency
        self._calls = StageCalls(config, machine, stats)
        self._batches = Batches(config.node, machine, self._calls, stats)

    async def run(self, job: Job) -> Answer | None:
        """Run stages until the job leaves at an exit (its answer) or has to go on elsewhere (None; ``job`` updated).

        Stages that follow each other here hold one core, without queueing again, once all of them are loaded.
        """
        keys, residency, asked_ns = self._stages_here(job), self._residency, time.monotonic_ns()
        await residency.hold(keys)
        try:
            job.ledger.queue_ns += time.monotonic_ns() - asked_ns
            return await (self._batches.run(job) if job.route.batch > 1 else self._alone(job))
        finally:
            residency.release(keys)

    def _stages_here(self, job: Job) -> list[Key]:
        route, last = job.route, job.route.stage
        while last + 1 < len(route.hops) and route.hops[last + 1] == self._node:
            last += 1
        return [(route.variant, stage) for stage in range(route.stage, last + 1)]

    async def _alone(self, job: Job) -> Answer | None:
        ledger, asked_ns = job.ledger, time.monotonic_ns()
        taken_ns = at_ns = await self._cores.take(job.route.priority)
        ledger.queue_ns += max(0, taken_ns - asked_ns)
        try:
            job.check_deadline(f"in the queue of {self._node}")
            while True:
                (outcome,), at_ns = await self._calls.call((job,), at_ns)
                if isinstance(outcome, Refused):
                    raise outcome
                answer = move_on(job, outcome)
                if answer is not None or job.route.hops[job.route.stage] != self._node:
                    return answer
        finally:
            ledger.compute_ns += at_ns - taken_ns
            ledger.core_ns += at_ns - taken_ns
            self._cores.give(taken_ns, at_ns)
