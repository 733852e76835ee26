"""How exactly a paced stage ends: error of the paced time with stages of 5 and 50 ms at half load.

A node with two cores gets requests at random times (Poisson) at half its capacity. The error of a request is what is
left of its time in the runtime (``telcoai-total``) once the queue wait and the paced time that it was due are taken
off: lateness of the timer, and the runtime's own work, together.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import select
import tempfile
import time
from pathlib import Path

import numpy as np
import uvloop

from telcoai.adapters.timerfd import TimerFd
from telcoai.serving.client import Pool
from telcoai.serving.http import Limits
from tests.bench.bench_runtime import sample_body
from tests.e2e.serving import tiny_family

TARGET_MS = 1.0
CORES = 2
HEADERS = {"host": "node", "content-type": "application/json"}


async def _ask(pool: Pool, port: int, errors_ns: list[int]) -> None:
    reply, _ = await pool.post(("127.0.0.1", port), "/v2/models/vision/infer", HEADERS, sample_body(), 30)
    if not reply.start.startswith("HTTP/1.1 200"):
        raise RuntimeError(reply.body.decode())
    words = reply.headers["telcoai-timing"].split(" ")
    parts = dict(word.split("=") for word in words[1:])
    errors_ns.append(int(reply.headers["telcoai-total"]) - int(parts["q"]) - int(parts["c"]))


async def _load(port: int, stage_s: float, requests: int) -> np.ndarray:
    pool, errors_ns, gaps = Pool(Limits()), [], random.Random(7)
    rate, tasks, at = 0.5 * CORES / stage_s, [], time.monotonic()
    for _ in range(requests):
        at += gaps.expovariate(rate)
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        tasks.append(asyncio.create_task(_ask(pool, port, errors_ns)))
    await asyncio.gather(*tasks)
    pool.close()
    return np.array(errors_ns) / 1e6


def _errors_ms(stage_s: float, requests: int) -> np.ndarray:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tiny_family.write_family(folder)
        work = tiny_family.workload(folder, "replay", [stage_s, 0, 0])
        with tiny_family.running(folder, {"camera-1": work}, cores=CORES, queue=10_000) as runtimes:
            camera = runtimes["camera-1"]
            camera.put_plan(tiny_family.assignment("camera-1", ["camera-1"] * 3, thresholds=[0.0, 0.0]))
            return uvloop.run(_load(camera.port, stage_s, requests))


def _bare_timer_ms(seconds: float) -> float:
    """Lateness, p99, of a timer with nothing behind it: what this host lets anyone reach at this moment."""
    timer, poll, late_ns = TimerFd(), select.epoll(), []
    poll.register(timer.fd, select.EPOLLIN)
    for _ in range(round(seconds / 0.005)):
        due_ns = time.monotonic_ns() + 5_000_000
        timer.set(due_ns)
        poll.poll()
        late_ns.append(time.monotonic_ns() - due_ns)
        timer.clear()
    poll.close()
    timer.close()
    return float(np.percentile(late_ns, 99)) / 1e6


def main() -> None:
    """Print each figure beside its target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    for stage_s in (0.005, 0.050):
        errors = _errors_ms(stage_s, int(options.seconds * 0.5 * CORES / stage_s))
        p50, p99, worst = np.percentile(errors, (50, 99, 100))
        print(
            f"stage of {stage_s * 1e3:.0f} ms, {len(errors)} requests: error p50 {p50:.2f} ms, "
            f"p99 {p99:.2f} ms (target ≤ {TARGET_MS:.0f} ms), worst {worst:.2f} ms"
        )
    print(f"a bare timer on this host: late by p99 {_bare_timer_ms(5):.2f} ms")
    print(f"host load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
