"""Throughput and p95 of an edge node that has more to do than it can alone, with and without batches, simulated.

    .venv/bin/python -m tests.bench.bench_batching [CAMERAS] [RATE]

Twelve cameras send 25 frames a second each (300 a second, where quickstart's Jetson serves about 240 alone) over links
wide enough for them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

REPOSITORY = Path(__file__).parents[2]
STRATEGIES = ("edge-only", "batching")


def main(cameras: str = "12", rate: str = "25") -> None:
    """Print a line for each strategy."""
    with tempfile.TemporaryDirectory() as folder:
        scenario = _write(Path(folder), cameras, rate)
        out = Path(folder) / "runs"
        chosen = [part for name in STRATEGIES for part in ("-s", name)]
        telcoai = Path(sys.executable).with_name("telcoai")
        subprocess.run([telcoai, "simulate", scenario, "--out", out, *chosen], check=True, stdout=subprocess.DEVNULL)
        print(f"\n{cameras} cameras, {rate} requests/s each")
        for name in STRATEGIES:
            print(_line(name, pd.read_parquet(out / f"{name}-r1" / "samples.parquet")))


def _write(folder: Path, cameras: str, rate: str) -> Path:
    """Quickstart's testbed and scenario, with more cameras on a wider link and without a change."""
    testbed = (REPOSITORY / "testbeds" / "quickstart.yaml").read_text()
    for old, new in (("count: 4", f"count: {cameras}"), ("50mbit", "200mbit"), ("name: quickstart", "name: wide")):
        assert old in testbed, old
        testbed = testbed.replace(old, new)
    (folder / "wide.yaml").write_text(testbed)
    for name in ("profiles", "radios"):
        (folder / name).symlink_to(REPOSITORY / "testbeds" / name)
    scenario = (REPOSITORY / "scenarios" / "quickstart.yaml").read_text()
    for old, new in (("testbed: quickstart", "testbed: ./wide.yaml"), ("rate: 10/s", f"rate: {rate}/s")):
        assert old in scenario, old
        scenario = scenario.replace(old, new)
    path = folder / "busy.yaml"
    path.write_text(scenario)
    return path


def _line(name: str, rows: pd.DataFrame) -> str:
    scored = rows[~rows.warmup]
    answered = scored[scored.status == "200"]
    seconds = (scored.scheduled_ns.max() - scored.scheduled_ns.min()) / 1e9
    latency_ms = (answered.done_ns - answered.scheduled_ns) / 1e6
    edge = [hop for hops in answered.hops for hop in hops if hop["core_ns"] > 0]
    size = sum(hop["compute_ns"] for hop in edge) / max(1, sum(hop["core_ns"] for hop in edge))
    on_time = scored.on_time.sum() / seconds
    p95 = latency_ms.quantile(0.95) if len(answered) else float("nan")
    return (
        f"{name:10} {len(answered) / seconds:6.0f} answered/s  {on_time:6.0f} in time/s  p95 {p95:7.0f} ms  "
        f"{size:4.1f} together on average"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
