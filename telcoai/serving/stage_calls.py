"""One call of a stage on a core that is held, for one request or for several together: its outputs, and its pace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from telcoai.serving.config import NodeConfig, VariantConfig
from telcoai.serving.cores import Cores
from telcoai.serving.jobs import Answer, Job
from telcoai.serving.pacer import Pacer
from telcoai.serving.refusals import Refused
from telcoai.serving.replay import Replay
from telcoai.serving.residency import Residency
from telcoai.serving.stage_runs import Sessions, StageOutput
from telcoai.serving.stats import Stats

LATE_NS = 1_000_000
"""A paced stage that ends later than due by more than this is counted: this host was too busy to wake up in time."""

Outcome = StageOutput | Refused
"""What a stage gave for a request, or why it gave nothing."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What stages run on."""

    cores: Cores
    pacer: Pacer
    threads: ThreadPoolExecutor
    sessions: Sessions
    replay: Replay
    residency: Residency


class StageCalls:
    """Calls stages for jobs that are at the same stage of the same variant, with activations in the same form."""

    def __init__(self, config: NodeConfig, machine: Machine, stats: Stats) -> None:
        self._config = config
        self._variants = config.variants
        self._machine = machine
        self._stats = stats

    async def call(self, jobs: Sequence[Job], started_ns: int) -> tuple[list[Outcome], int]:
        """What the next stage gave for each of the jobs, and the instant at which it was due (or done, when it took
        longer, and ``started_ns`` when it gave nothing to anyone).

        JPEG frames are decoded on the same core before stage 0, which is due so much later.
        """
        variant, stage = self._variants[jobs[0].route.variant], jobs[0].route.stage
        outcomes = await self._outcomes(jobs, variant)
        done_ns = time.monotonic_ns()
        served = [(job, one) for job, one in zip(jobs, outcomes, strict=True) if isinstance(one, StageOutput)]
        if not served:
            return outcomes, started_ns
        self._stats.stage_calls += len(served)
        frames = sum(1 for job, _ in served if job.jpeg) if stage == 0 else 0
        paced_s = variant.paced_s(stage, len(served), frames)
        if paced_s is None or not self._config.paced:
            return outcomes, done_ns
        due_ns = started_ns + round(paced_s * 1e9)
        if done_ns > due_ns and any(not one.is_replayed for _, one in served):
            self._stats.overruns += len(served)
            for job, _ in served:
                job.ledger.has_overrun = True
            return outcomes, done_ns
        await self._machine.pacer.until(due_ns, done_ns)
        if time.monotonic_ns() - due_ns > LATE_NS:
            self._stats.late_calls += len(served)
        return outcomes, due_ns

    async def _outcomes(self, jobs: Sequence[Job], variant: VariantConfig) -> list[Outcome]:
        """Looked up where that may be; those of the others are run, in one call of the graph."""
        found = [self._replayed(job, variant) for job in jobs]
        to_run = [job for job, one in zip(jobs, found, strict=True) if one is None]
        if not to_run:
            return [one for one in found if one is not None]
        loop = asyncio.get_running_loop()
        ran = iter(await loop.run_in_executor(self._machine.threads, self._in_thread, to_run, variant))
        return [next(ran) if one is None else one for one in found]

    def _replayed(self, job: Job, variant: VariantConfig) -> Outcome | None:
        route, sample = job.route, job.sample
        if not route.replayed and (job.has_to_run or variant.compute[route.stage] != "replay"):
            return None
        if sample is None or not self._machine.replay.knows(variant.name, route.wire, sample):
            if route.replayed:
                return Refused(400, f"{self._config.node} can't go on with a replayed request: no replay of its sample")
            return None
        self._stats.replayed_calls += 1
        job.ledger.has_replayed = True
        return self._machine.replay.look_up(variant, route.wire, sample, route.stage)

    def _in_thread(self, jobs: Sequence[Job], variant: VariantConfig) -> list[Outcome]:
        route = jobs[0].route
        inputs = [_input(job, variant) for job in jobs]
        sound = [one for one in inputs if not isinstance(one, Refused)]
        try:
            ran = iter(self._machine.sessions.run_stage(variant, route.stage, sound, route.wire) if sound else [])
        except Refused as err:
            return [one if isinstance(one, Refused) else err for one in inputs]
        return [one if isinstance(one, Refused) else next(ran) for one in inputs]


def _input(job: Job, variant: VariantConfig) -> tuple[bytes, float] | Refused:
    """What the next stage takes, or why it can't be had."""
    if job.route.stage:
        return job.activation, job.route.scale
    try:
        return job.input_bytes(variant), 1.0
    except Refused as err:
        return err


def move_on(job: Job, output: StageOutput) -> Answer | None:
    """The answer when the job leaves at the exit after the stage that has just run, else None with ``job`` updated."""
    route, stage = job.route, job.route.stage
    if stage == len(route.thresholds) or output.confidence >= route.thresholds[stage]:
        return Answer(output.prediction, output.confidence, stage, output.logits)
    job.activation = output.activation
    job.route = route.moved_to(stage + 1, output.scale, output.is_replayed)
    return None
