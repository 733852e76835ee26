"""A scenario that is run for real in seconds: two cameras and an edge, a tiny model, three strategies."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.serving.tiny_family import write_family

PLUGIN = """
from pathlib import Path

from telcoai.model.plan import Assignment, Plan
from telcoai.model.workload import ExitPoint, Stage, Variant, WorkloadInfo

HERE = Path(__file__).parent


def _variant(name, size, flops, accuracy):
    shapes = ((4, size // 2, size // 2), (6, size // 4, size // 4), ())
    stages = tuple(Stage(k, HERE / f"{name}.{k}.onnx", flops, 1000, shapes[k]) for k in range(3))
    return Variant(name, "fp32", size, size * size * 3, stages, tuple(ExitPoint(a, {0.5: (1.0, a)}) for a in accuracy))


class Tiny:
    variants = (_variant("small", 8, 20_000_000, (0.6, 0.7, 0.82)), _variant("large", 16, 60_000_000, (0.7, 0.8, 0.92)))
    info = WorkloadInfo("tiny", "tiny", variants, HERE / "samples.npz", HERE / "replay.npz", 10, 24)

    def samples(self):
        return None

    def score(self, predictions, numbers):
        return (predictions == 0).astype(float)


def plan_on(view, node=None):
    return Plan(tuple(
        Assignment("vision", d, "small", (node or d,) * 3, (1.01, 1.01), "fp16", "local", "small")
        for d in view.services[0].rate_per_s
    ))


class Local:
    name, summary = "local", "all on the device"

    def plan(self, view):
        return plan_on(view)


class Remote:
    name, summary = "remote", "all on the edge"

    def plan(self, view):
        return plan_on(view, "edge")


class Never:
    name, summary = "never", "has no plan at all"

    def plan(self, view):
        raise RuntimeError("no idea at all")


class Counts:
    name, summary = "counts", "says how often it was asked"
    asked = 0

    def plan(self, view):
        self.asked += 1
        return Plan(plan_on(view).assignments, f"asked {self.asked}")


class Raises:
    name, summary = "raises", "fails after two seconds"

    def plan(self, view):
        if view.time_s > 2:
            raise RuntimeError("no idea")
        return plan_on(view)
"""

WORLD = """
apiVersion: telcoai/v1alpha1
kind: Testbed
metadata: {{name: {name}}}
spec:
  hosts: virtual
  platform: process
  nodes:
    - {{name: camera, tier: device, profile: raspberry-pi-4, count: 2}}
    - {{name: edge, tier: edge, profile: edge-server}}
  links:
    - {{between: [camera, edge], delay: 5ms, rate: 50mbit, radio: 5g-nsa}}
---
apiVersion: telcoai/v1alpha1
kind: Scenario
metadata: {{name: {name}}}
spec:
  testbed: {name}
  services:
    - name: vision
      workload: ./plugin.py:Tiny
      frames: {frames}
      demand: {{arrival: poisson, rate: 10/s}}
      requirements: {{latency: {{p95: 150ms}}}}
  timeline: {timeline}
  strategies: {strategies}
  compute: {compute}
  warmup: 1s
  duration: 4s
  repetitions: 1
  seed: 7
"""


def write_world(
    folder: Path,
    name: str = "small",
    strategies: str = '["./plugin.py:Local", "./plugin.py:Remote"]',
    timeline: str = "[]",
    compute: str = "run",
    frames: str = "raw",
) -> Path:
    """The files of a world; returns the scenario's path."""
    write_family(folder)
    (folder / "plugin.py").write_text(PLUGIN)
    path = folder / f"{name}.yaml"
    fields = {"name": name, "strategies": strategies, "timeline": timeline, "compute": compute, "frames": frames}
    path.write_text(WORLD.format(**fields))
    return path


def telcoai(folder: Path, *words: str, timeout_s: float = 120.0) -> subprocess.CompletedProcess[str]:
    """Run a command line in ``folder``, with its state beside it."""
    return subprocess.run(
        [sys.executable, "-m", "telcoai.cli", *words],
        cwd=folder,
        env={**os.environ, "TELCOAI_STATE": str(folder / "state")},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
