"""How fast one driver process drives with lag p99 ≤ 1 ms, and its CPU time a request.

``python -m tests.bench.bench_driver``: a driver and a server of no service time, each bound to a core of its own where
the machine has two, and as root with real-time priority, so that lag is the driver's and not
the neighbours'. CPU time still rises with what neighbours do to the caches.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from telcoai.load.rows import read_rows

_SERVER = Path(__file__).parents[1] / "e2e/load/known_server.py"
_RATES = (1_000, 10_000, 15_000, 20_000)
_ROUNDS = 3
_SECONDS = 4


def drive(port: int, rate: float, folder: Path, core: int) -> tuple[float, float, float]:
    """(lag p50 ms, lag p99 ms, CPU µs a request) of one run; the process's start is taken off its CPU time."""
    config = {
        "service": "vision",
        "device": "camera-1",
        "url": f"http://127.0.0.1:{port}",
        "model": "vision",
        "seed": 7,
        "start_ns": time.monotonic_ns() + 3_000_000_000,
        "warmup_s": 0,
        "duration_s": _SECONDS if rate else 0,
        "demand": [{"at_s": 0, "arrival": "poisson", "rate_per_s": rate, "trace": ""}],
        "deadlines": [{"at_s": 0, "deadline_ms": 150}],
        "samples": 1000,
        "labels": str(folder / "samples.npz"),
        "timeout_s": 10,
        "out": str(folder / "rows.arrows"),
        "live": str(folder / "live.json"),
    }
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "telcoai.load", str(path)]
    subprocess.run(command, check=True, preexec_fn=lambda: _claim(core))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    rows = read_rows(folder / "rows.arrows")
    if not rows.num_rows:
        return 0.0, 0.0, cpu_s * 1e6
    assert set(rows["status"].to_pylist()) == {"200"}
    lag_ms = (rows["sent_ns"].to_numpy() - rows["scheduled_ns"].to_numpy()) / 1e6
    p50, p99 = np.percentile(lag_ms, [50, 99], method="higher")
    return float(p50), float(p99), cpu_s * 1e6 / rows.num_rows


def _claim(core: int) -> None:
    """Take a core for this process, and as root keep what else runs on the host off it."""
    os.sched_setaffinity(0, {core})
    if os.geteuid() == 0:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))


def main() -> None:
    cores = sorted(os.sched_getaffinity(0))
    command = [sys.executable, str(_SERVER), "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=lambda: _claim(cores[0]))
    assert server.stdout is not None
    port = int(server.stdout.readline())
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            np.savez(folder / "samples.npz", labels=np.zeros(1000, np.int64), frames=np.zeros(1, np.uint8))
            start_us = drive(port, 0, folder, cores[-1])[2]
            print(f"driver's start: {start_us / 1e6:.2f} s of CPU; load of the host {os.getloadavg()[0]:.1f}")
            for rate in _RATES:
                runs = [drive(port, rate, folder, cores[-1]) for _ in range(_ROUNDS)]
                p50, p99, cpu = (statistics.median(column) for column in zip(*runs, strict=True))
                cpu -= start_us / (rate * _SECONDS)
                print(
                    f"{rate:6d}/s: lag p50 {p50:.3f} ms, p99 {p99:.3f} ms, {cpu:.1f} µs of CPU a request"
                    + (" (target at 10,000/s: p99 ≤ 1 ms, < 30 µs)" if rate == 10_000 else "")
                )
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
