"""Running a job's next stages on this node: a core, the stage itself, its pace, and the exits."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from telcoai.serving.config import NodeConfig, VariantConfig
from telcoai.serving.cores import Cores
from telcoai.serving.jobs import Answer, Job
from telcoai.serving.pacer import Pacer
from telcoai.serving.refusals import Refused
from telcoai.serving.replay import Replay
from telcoai.serving.residency import Key, Residency
from telcoai.serving.stage_runs import Sessions, StageOutput
from telcoai.serving.stats import Stats

LATE_NS = 1_000_000
"""A paced stage that ends later than due by more than this is counted: this host was too busy to wake up in time."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What stages run on."""

    cores: Cores
    pacer: Pacer
    threads: ThreadPoolExecutor
    sessions: Sessions
    replay: Replay
    residency: Residency


class StageRunner:
    """Runs stages of jobs on this node's cores."""

    def __init__(self, config: NodeConfig, machine: Machine, stats: Stats) -> None:
        self._config = config
        self._variants = config.variants
        self._machine = machine
        self._stats = stats

    async def run(self, job: Job) -> Answer | None:
        """Run stages until the job leaves at an exit (its answer) or has to go on elsewhere (None; ``job`` updated).

        Stages that follow each other here hold one core, without queueing again, once all of them are loaded.
        """
        keys, residency, asked_ns = self._stages_here(job), self._machine.residency, time.monotonic_ns()
        await residency.hold(keys)
        try:
            return await self._run(job, asked_ns)
        finally:
            residency.release(keys)

    def _stages_here(self, job: Job) -> list[Key]:
        route, last = job.route, job.route.stage
        while last + 1 < len(route.hops) and route.hops[last + 1] == self._config.node:
            last += 1
        return [(route.variant, stage) for stage in range(route.stage, last + 1)]

    async def _run(self, job: Job, asked_ns: int) -> Answer | None:
        cores, ledger = self._machine.cores, job.ledger
        taken_ns = at_ns = await cores.take()
        ledger.queue_ns += taken_ns - asked_ns if taken_ns > asked_ns else 0
        try:
            job.check_deadline(f"in the queue of {self._config.node}")
            while True:
                output, at_ns = await self._paced(job, at_ns)
                answer = self._move_on(job, output)
                if answer is not None or job.route.hops[job.route.stage] != self._config.node:
                    return answer
        finally:
            ledger.compute_ns += at_ns - taken_ns
            cores.give(taken_ns, at_ns)

    def _move_on(self, job: Job, output: StageOutput) -> Answer | None:
        route, stage = job.route, job.route.stage
        if stage == len(route.thresholds) or output.confidence >= route.thresholds[stage]:
            return Answer(output.prediction, output.confidence, stage, output.logits)
        job.activation = output.activation
        job.route = route.moved_to(stage + 1, output.scale, output.is_replayed)
        return None

    async def _paced(self, job: Job, started_ns: int) -> tuple[StageOutput, int]:
        """The next stage's output, and the instant at which it was due (or done, when it took longer).

        A JPEG frame is decoded on the same core before stage 0, which is due so much later.
        """
        variant, stage = self._variants[job.route.variant], job.route.stage
        output = self._replayed(job, variant) or await self._really_run(job, variant)
        done_ns = time.monotonic_ns()
        self._stats.stage_calls += 1
        if variant.stage_s is None or not self._config.paced:
            return output, done_ns
        decode_s = (variant.decode_s or 0.0) if job.jpeg and stage == 0 else 0.0
        due_ns = started_ns + round((decode_s + variant.stage_s[stage]) * 1e9)
        if done_ns > due_ns and not output.is_replayed:
            self._stats.overruns += 1
            job.ledger.has_overrun = True
            return output, done_ns
        await self._machine.pacer.until(due_ns, done_ns)
        if time.monotonic_ns() - due_ns > LATE_NS:
            self._stats.late_calls += 1
        return output, due_ns

    def _replayed(self, job: Job, variant: VariantConfig) -> StageOutput | None:
        route, sample = job.route, job.sample
        if not route.replayed and (job.has_to_run or variant.compute[route.stage] != "replay"):
            return None
        if sample is None or not self._machine.replay.knows(variant.name, route.wire, sample):
            if route.replayed:
                raise Refused(400, f"{self._config.node} can't go on with a replayed request: no replay of its sample")
            return None
        self._stats.replayed_calls += 1
        job.ledger.has_replayed = True
        return self._machine.replay.look_up(variant, route.wire, sample, route.stage)

    async def _really_run(self, job: Job, variant: VariantConfig) -> StageOutput:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._machine.threads, self._in_thread, job, variant)

    def _in_thread(self, job: Job, variant: VariantConfig) -> StageOutput:
        route = job.route
        payload = job.activation if route.stage else job.frame_bytes(variant.input_size)
        return self._machine.sessions.run_stage(variant, route.stage, payload, route.scale, route.wire)
