"""Measures stages as a node runs them: its own stage runner, unpaced, with as many requests at once as cores.

Stages come in random order, each once a round, so that a drift of the clock or of other load falls on all alike.
Garbage collection is off meanwhile.
"""

from __future__ import annotations

import asyncio
import gc
import random
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from telcoai.emulation.linux import step_back
from telcoai.errors import InputError
from telcoai.model import jpeg
from telcoai.model.frames import scale
from telcoai.profiling.job import Job, Measurement
from telcoai.profiling.machine import this_machine, usable_cores
from telcoai.serving.config import NodeConfig, VariantConfig, WorkloadConfig
from telcoai.serving.cores import Cores
from telcoai.serving.jobs import Job as Request
from telcoai.serving.ledger import Ledger
from telcoai.serving.pacer import Pacer
from telcoai.serving.replay import Replay
from telcoai.serving.residency import Residency, shelf_of
from telcoai.serving.routes import Route
from telcoai.serving.stage_calls import Machine
from telcoai.serving.stage_runs import Sessions
from telcoai.serving.stages import StageRunner
from telcoai.serving.stats import Stats

SAMPLES = 8
"""Different samples that a stage is run on, in turn."""

HERE, ELSEWHERE = "here", "elsewhere"
NEVER = 2.0
"""A threshold that no confidence reaches."""

DECODE = -1
"""In place of a stage's number: decoding a JPEG frame of the variant's size."""

Unit = tuple[str, int]
"""What is timed: a stage of a variant, or DECODE."""


@dataclass(frozen=True, slots=True)
class Input:
    """What a stage takes: a frame at the variant's size, or an activation in wire form with its scale."""

    frame: NDArray[np.uint8] | None = None
    activation: bytes = b""
    scale: float = 1.0
    jpeg: bytes = b""


@dataclass
class Bench:
    """A node's stage runner, what it is fed with, and the runs so far."""

    variants: dict[str, VariantConfig]
    runner: StageRunner
    threads: ThreadPoolExecutor
    inputs: dict[Unit, list[Input]] = field(default_factory=dict)
    runs: dict[Unit, list[int]] = field(default_factory=dict)

    async def prepare(self, frames: NDArray[np.uint8]) -> None:
        """Run each variant whole on the frames once, and keep what each stage takes."""
        for name, variant in self.variants.items():
            for frame in frames:
                given = Input(frame if len(frame) == variant.input_size else scale(frame, variant.input_size))
                assert given.frame is not None
                self.inputs.setdefault((name, DECODE), []).append(Input(jpeg=jpeg.encode(given.frame)))
                for stage in range(len(variant.stages)):
                    self.inputs.setdefault((name, stage), []).append(given)
                    done = await self._run((name, stage), given)
                    given = Input(activation=done.activation, scale=done.route.scale)

    def units(self) -> list[Unit]:
        """All that is timed; frames of a size are decoded once, whichever variants take them."""
        sizes = {variant.input_size: name for name, variant in reversed(self.variants.items())}
        return [unit for unit in self.inputs if unit[1] != DECODE or unit[0] in sizes.values()]

    async def play(self, order: Iterable[Unit], workers: int, seed: int) -> None:
        """Time all of ``order`` with ``workers`` of them under way at any time; those that end first keep running."""
        shared, left = iter(order), [None] * workers

        async def work(dice: random.Random) -> None:
            for unit in shared:
                taken_ns = await self._time(unit, len(self.runs[unit]))
                self.runs[unit].append(taken_ns)
            left.pop()
            while left:
                await self._time(dice.choice(self.units()), 0)

        await asyncio.gather(*(work(random.Random(f"{seed} {number}")) for number in range(workers)))

    async def _time(self, unit: Unit, number: int) -> int:
        given = self.inputs[unit][number % len(self.inputs[unit])]
        if unit[1] == DECODE:
            loop, size = asyncio.get_running_loop(), self.variants[unit[0]].input_size
            return await loop.run_in_executor(self.threads, _decode_ns, given.jpeg, size)
        return (await self._run(unit, given)).ledger.compute_ns

    async def _run(self, unit: Unit, given: Input) -> Request:
        """One stage as a node runs it for a request that goes on elsewhere afterwards."""
        name, stage = unit
        count = len(self.variants[name].stages)
        hops = tuple(HERE if number == stage else ELSEWHERE for number in range(count))
        route = Route("profile", HERE, name, stage, hops, (NEVER,) * (count - 1), "fp16", given.scale)
        request = Request(route, Ledger(HERE), given.frame, activation=given.activation, has_to_run=True)
        await self.runner.run(request)
        return request


def rounds(units: list[Unit], count: int, dice: random.Random) -> Iterator[Unit]:
    """Every unit once a round, each round in an order of its own."""
    for _ in range(count):
        yield from dice.sample(units, len(units))


async def measure(job: Job, say: Callable[[str], None] = lambda _: None) -> Measurement:
    """Run the job on this machine; ``say`` gets a line after the warm-up. InputError when the job doesn't fit it."""
    machine, workers = this_machine(), job.threads or usable_cores()
    if workers > machine.cores:
        few = f"there are {machine.cores}: --threads says how many run at once, whatever --cores says"
        raise InputError(f"{workers} stages at once need as many cores, and {few}")
    frames = _frames(job.frames)
    with _bench(job, workers) as bench:
        await bench.prepare(frames)
        units, dice = bench.units(), random.Random(job.seed)
        bench.runs = {unit: [] for unit in units}
        started = time.monotonic()
        await bench.play(rounds(units, job.warmup, dice), workers, job.seed)
        about_s = (time.monotonic() - started) / job.warmup * job.repeat
        say(f"{len(units)} stages and sizes warmed up; {job.repeat} runs of each take about {about_s:.0f} s")
        bench.runs = {unit: [] for unit in units}
        with _no_collection():
            core_share = await _timed(bench, list(rounds(units, job.repeat, dice)), workers, job.seed)
    stages = {
        name: tuple(tuple(bench.runs[name, stage]) for stage in range(len(variant.stages)))
        for name, variant in bench.variants.items()
    }
    decode = {bench.variants[name].input_size: tuple(runs) for (name, at), runs in bench.runs.items() if at == DECODE}
    date = datetime.now().astimezone().isoformat("T", "seconds")
    return Measurement(machine, date, workers, core_share, stages, decode)


async def _timed(bench: Bench, order: list[Unit], workers: int, seed: int) -> float:
    """Play what counts; returns the share of the cores' time that this process got meanwhile."""
    wall_s, cpu_s = time.monotonic(), time.process_time()
    await bench.play(order, workers, seed)
    return (time.process_time() - cpu_s) / (time.monotonic() - wall_s) / workers


@contextmanager
def _bench(job: Job, workers: int) -> Iterator[Bench]:
    workload = WorkloadConfig(classes=1, variants=job.variants)
    nowhere = Path("/nonexistent")
    config = NodeConfig(HERE, "device", ("", 0), nowhere, nowhere, workers, 0, {}, {}, {"": workload}, paced=False)
    cores, pacer = Cores(workers, workers, HERE), Pacer()
    threads = ThreadPoolExecutor(workers, "stage", initializer=step_back)
    sessions = Sessions()
    stay = Residency(config, shelf_of(config, sessions), pacer)
    machine = Machine(cores, pacer, threads, sessions, Replay({}), stay)
    try:
        yield Bench(config.variants, StageRunner(config, machine, Stats(HERE, cores)), threads)
    finally:
        threads.shutdown()
        pacer.close()


@contextmanager
def _no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _frames(path: Path) -> NDArray[np.uint8]:
    try:
        with np.load(path) as arrays:
            frames: NDArray[np.uint8] = arrays["frames"][:SAMPLES]
    except (OSError, ValueError, KeyError) as err:
        raise InputError(f"{path}: no usable samples: {err}") from err
    return frames


def _decode_ns(raw: bytes, size: int) -> int:
    started = time.perf_counter_ns()
    jpeg.decode(raw, size)
    return time.perf_counter_ns() - started
