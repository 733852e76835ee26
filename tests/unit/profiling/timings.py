"""Measurements as they might have been."""

from __future__ import annotations

from pathlib import Path

from telcoai.profiling.job import Job, Machine, Measurement
from telcoai.serving.config import StageConfig, VariantConfig

MACHINE = Machine(
    machine="Raspberry Pi 5 Model B Rev 1.0",
    processor="Cortex-A76",
    architecture="aarch64",
    cores=4,
    memory_bytes=8 << 30,
    kernel="Linux 6.6",
    governor="performance",
    python="3.11.2",
    onnxruntime="1.20.0",
    telcoai="0.1.0",
    load=0.1,
)


def runs(milliseconds: float, count: int = 20, wiggle: float = 0.01) -> tuple[int, ...]:
    """Runs around a time, the same distances in each half."""
    steps = (-1, 1, 0, 0)
    return tuple(round(milliseconds * 1e6 * (1 + wiggle * steps[number % 4])) for number in range(count))


def measurement(machine: Machine = MACHINE, **changes: object) -> Measurement:
    """Two variants of three stages at 1 ms and 40 GFLOP/s or 80 (of small_workload's 40 MFLOP)."""
    facts: dict[str, object] = {
        "machine": machine,
        "date": "2030-01-02T03:04:05+00:00",
        "threads": 4,
        "core_share": 0.98,
        "stages": {"small-fp32": (runs(2.0),) * 3, "small-int8": (runs(1.5), runs(1.5), runs(1.4))},
        "decode": {128: runs(0.5)},
    }
    return Measurement(**(facts | changes))  # type: ignore[arg-type]


def job() -> Job:
    """A job whose files don't exist."""
    stages = tuple(StageConfig(Path(f"{k}.onnx"), shape) for k, shape in enumerate(((40, 16, 16), (112, 8, 8), ())))
    variants = tuple(VariantConfig(name, name[-4:], 128, stages, ("run",) * 3) for name in ("small-fp32", "small-int8"))
    return Job(variants, Path("frames.npz"), 0, 10, 20, 7)
