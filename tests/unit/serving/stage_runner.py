"""A node's stage runner in this process: replayed stages, paced, on real cores."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from telcoai.serving.config import NodeConfig, StageConfig, VariantConfig, WorkloadConfig
from telcoai.serving.cores import Cores
from telcoai.serving.jobs import Answer, Job
from telcoai.serving.ledger import Ledger
from telcoai.serving.pacer import Pacer
from telcoai.serving.replay import Replay
from telcoai.serving.residency import Residency, shelf_of
from telcoai.serving.routes import Route
from telcoai.serving.stage_calls import Machine
from telcoai.serving.stage_runs import Sessions
from telcoai.serving.stages import StageRunner
from telcoai.serving.stats import Stats

STAGES = (StageConfig(Path("a"), (4, 2, 2)), StageConfig(Path("b"), (4, 1, 1)), StageConfig(Path("c"), ()))
STAGE_S, ONCE_S = (0.010, 0.010, 0.010), (0.004, 0.004, 0.004)
SMALL = VariantConfig("small", "fp32", 8, STAGES, ("replay",) * 3, STAGE_S, once_s=ONCE_S)


def config(cores: int = 1, queue: int = 100) -> NodeConfig:
    """A node called edge."""
    return NodeConfig(
        node="edge",
        tier="edge",
        listen=("127.0.0.1", 0),
        control=Path("c.sock"),
        token_file=Path("token"),
        cores=cores,
        queue=queue,
        peers={"cloud": ("10.0.0.2", 8080)},
        services={"vision": "tiny"},
        workloads={"tiny": WorkloadConfig(classes=10, variants=(SMALL,), replay=Path("replay.npz"))},
    )


def job(sample: int = 0, **changes: Any) -> Job:
    """A request for all stages on the edge; ``sample`` k is confident by k / 4 at each exit."""
    route = Route("vision", "camera-1", "small", 0, ("edge",) * 3, (2.0, 2.0), "fp16")
    return Job(replace(route, **changes), Ledger("edge"), sample=sample)


Use = Callable[[StageRunner, Machine, Stats], Awaitable[Any]]


def use(body: Use, cores: int = 1, queue: int = 100) -> Any:
    """Run ``body`` with a runner on a loop of its own."""

    async def run() -> Any:
        settings = config(cores, queue)
        tables = np.zeros((8, 3), np.uint8), np.repeat(np.arange(8) / 4, 3).reshape(8, 3).astype(np.float32)
        replay = Replay({("small", "fp16"): tables})
        sessions, pacer = Sessions(), Pacer()
        stay = Residency(settings, shelf_of(settings, sessions), pacer)
        machine = Machine(Cores(cores, queue, "edge"), pacer, ThreadPoolExecutor(1), sessions, replay, stay)
        stats = Stats("edge", machine.cores)
        try:
            return await body(StageRunner(settings, machine, stats), machine, stats)
        finally:
            machine.pacer.close()
            machine.threads.shutdown()

    return asyncio.run(run())


def run_all(*jobs: Job, cores: int = 1) -> list[Answer | None]:
    """All jobs at once; their answers."""
    return use(lambda runner, *_: asyncio.gather(*(runner.run(one) for one in jobs)), cores)


def now_ns() -> int:
    """The clock that deadlines are on."""
    return time.monotonic_ns()
