"""Requests per second that one runtime process answers in a closed loop, with a model that does next to nothing.

The runtime and the client each have one host core. Two cases: a service whose stages are replayed without pacing (all
that the runtime does itself), and a stage that really runs, which adds a thread's hand-over and onnxruntime.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import orjson
import psutil
import uvloop

from telcoai.serving.http import Limits, Parser, request_bytes
from tests.e2e.serving import tiny_family

TARGET_PER_S = 8000
IN_FLIGHT = 16


@dataclass(frozen=True)
class Rates:
    """Requests a second as answered, and host CPU time that the runtime spent on each."""

    per_s: float
    cpu_us: float


class _Loop(asyncio.Protocol):
    """Asks again as soon as it is answered."""

    def __init__(self, raw: bytes, until: float) -> None:
        self._raw = raw
        self._until = until
        self._parser = Parser(Limits())
        self.answered = 0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        transport.write(self._raw)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._parser.feed(data)
        while (message := self._parser.next()) is not None:
            if not message.start.startswith("HTTP/1.1 200"):
                raise RuntimeError(message.body.decode())
            self.answered += 1
            if time.perf_counter() < self._until:
                self._transport.write(self._raw)  # type: ignore[attr-defined]
            elif not self.done.done():
                self._transport.close()
                self.done.set_result(None)


async def _measure(port: int, raw: bytes, seconds: float) -> int:
    loop, started = asyncio.get_running_loop(), time.perf_counter()
    made = [
        await loop.create_connection(lambda: _Loop(raw, started + seconds), "127.0.0.1", port) for _ in range(IN_FLIGHT)
    ]
    await asyncio.gather(*(one.done for _, one in made))
    return sum(one.answered for _, one in made)


def _rates(runtime: tiny_family.Runtime, seconds: float) -> Rates:
    process = psutil.Process(runtime.process.pid)
    before, started = sum(process.cpu_times()[:2]), time.perf_counter()
    answered = uvloop.run(_measure(runtime.port, _sample_request(), seconds))
    return Rates(answered / (time.perf_counter() - started), (sum(process.cpu_times()[:2]) - before) * 1e6 / answered)


def sample_body() -> bytes:
    """A request for the service, by a sample's number."""
    tensor = {"name": "sample", "shape": [1, 1], "datatype": "INT64", "data": [3]}
    return orjson.dumps({"inputs": [tensor]})


def _sample_request() -> bytes:
    headers = {"host": "node", "content-type": "application/json"}
    return request_bytes("POST", "/v2/models/vision/infer", headers, sample_body())


def _figure(compute: str, core: int, seconds: float, repetitions: int) -> list[Rates]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tiny_family.write_family(folder)
        work = tiny_family.workload(folder, compute)
        with tiny_family.running(folder, {"camera-1": work}) as runtimes:
            runtime = runtimes["camera-1"]
            tiny_family.confine(runtime.process.pid, core)
            once = {"thresholds": [0.0, 0.0]}  # every request leaves after its first stage
            runtime.put_plan(tiny_family.assignment("camera-1", ["camera-1"] * 3, **once))
            _rates(runtime, 0.5)
            return [_rates(runtime, seconds) for _ in range(repetitions)]


def main() -> None:
    """Print each figure beside its target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[1:] or cores)
    for compute, title in (("replay", "empty model"), ("run", "tiny model, really run")):
        rates = _figure(compute, cores[0], options.seconds, options.repetitions)
        per_s, cpu_us = (statistics.median(getattr(one, name) for one in rates) for name in ("per_s", "cpu_us"))
        print(f"{title}: {per_s:.0f} requests/s, target ≥ {TARGET_PER_S}")
        print(f"  {cpu_us:.0f} µs of CPU a request: {1e6 / cpu_us:.0f}/s on a core of its own")
    print(f"medians of {options.repetitions}; host load {os.getloadavg()[0]:.1f} on {len(cores)} cores")


if __name__ == "__main__":
    main()
