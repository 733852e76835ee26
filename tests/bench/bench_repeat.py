"""The quickstart scenario, same seed: twice, and once more with one host core kept busy; then run against replay.

Run: python -m tests.bench.bench_repeat [--strategy edge-only] [--duration 20s]. Targets: p50 within 5 % and energy
within 3 %, or the run says that it is invalid; run against replay: p50 within 5 %, predictions identical.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Make the runs and print what they differ by."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strategy", default="edge-only")
    parser.add_argument("--duration", default="20s")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = _run(folder, "first", options)
        second = _run(folder, "second", options)
        with _busy_core():
            third = _run(folder, "third", options)
        _compare("same seed again", first, second)
        _compare("same seed, one host core busy", first, third)
        run = _run(folder, "run", options, compute="run", strategy="device-only")
        replay = _run(folder, "replay", options, compute="replay", strategy="device-only")
        _compare("run against replay (device-only)", run, replay)


def _run(
    folder: Path, name: str, options: argparse.Namespace, compute: str = "auto", strategy: str = ""
) -> dict[str, Any]:
    text = (ROOT / "scenarios/quickstart.yaml").read_text()
    text = text.replace("duration: 22s", f"duration: {options.duration}\n  compute: {compute}")
    scenario = folder / f"{name}.yaml"
    scenario.write_text(text)
    words = ["bench", str(scenario), "-s", strategy or options.strategy, "--out", str(folder / name), "-o", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "telcoai.cli", *words],
        env={**os.environ, "TELCOAI_STATE": str(folder / "state")},
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode not in (0, 4):
        raise SystemExit(done.returncode)
    facts: dict[str, Any] = json.loads(done.stdout)["runs"][0]
    samples = next((folder / name).glob("*/samples.parquet"))
    return {**facts, "samples": pd.read_parquet(samples)}


class _busy_core:  # noqa: N801 - used as a function
    """One core of the host busy as long as the block runs."""

    def __enter__(self) -> None:
        self._hog = subprocess.Popen([sys.executable, "-c", "while True: pass"])
        time.sleep(0.5)

    def __exit__(self, *_: object) -> None:
        self._hog.kill()
        self._hog.wait()


def _compare(title: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    p50 = other["latency_ms"]["p50"] / one["latency_ms"]["p50"] - 1
    energy = other["energy_j_per_request"] / one["energy_j_per_request"] - 1
    both = one["samples"].merge(other["samples"], on=["service", "device", "scheduled_ns", "sample"])
    both = both[(both.status_x == "200") & (both.status_y == "200")]
    same = (both.prediction_x == both.prediction_y).mean()
    valid = [run["valid"] or run["why_invalid"] for run in (one, other)]
    print(f"{title}: p50 {p50:+.1%} (target 5 %), energy {energy:+.1%} (target 3 %), predictions equal {same:.2%}")
    print(f"  p50 {one['latency_ms']['p50']:.1f} and {other['latency_ms']['p50']:.1f} ms; valid: {valid}")


if __name__ == "__main__":
    main()
