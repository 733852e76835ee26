"""The replay table: what every exit of every variant says to every shipped sample, computed by running them once.

A node that can't run a stage in its paced time looks the answer up instead. On the host and with the versions noted
in the table's ``meta``, a looked-up answer equals a computed one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telcoai.errors import InputError
from telcoai.model.wire import WIRES
from telcoai.model.workload import Variant, WorkloadInfo
from telcoai.workload.chain import Answers, Chain
from telcoai.workload.samples import read_samples

FLAGS = ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "avx_vnni", "amx_int8", "asimd", "asimddp", "i8mm")
"""CPU features that choose the kernels, and so the last bits of a result."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A sample whose run disagrees with the table. ``confidence_gap`` is the largest over the exits."""

    variant: str
    wire: str
    sample: int
    predictions_differ: bool
    confidence_gap: float


def read_table(path: Path, variant: str, wire: str) -> Answers:
    """The table of a variant and wire; InputError when the file lacks it."""
    try:
        with np.load(path) as arrays:
            name = f"{variant}/{wire}"
            return Answers(arrays[f"{name}/prediction"], arrays[f"{name}/confidence"])
    except (OSError, ValueError, KeyError) as err:
        raise InputError(f"{path} has no replay of {variant} over {wire}: {err}") from err


def read_meta(path: Path) -> dict[str, object]:
    """Where the table was computed: ``onnxruntime`` version and ``cpu_flags``; empty when it doesn't say."""
    with np.load(path) as arrays:
        meta: dict[str, object] = json.loads(arrays["meta"].tobytes()) if "meta" in arrays else {}
    return meta


def write_tables(path: Path, tables: Mapping[tuple[str, str], Answers], meta: Mapping[str, object]) -> None:
    """Write the tables by (variant, wire)."""
    arrays: dict[str, NDArray[Any]] = {"meta": np.frombuffer(json.dumps(meta, sort_keys=True).encode(), np.uint8)}
    for (variant, wire), answers in tables.items():
        arrays[f"{variant}/{wire}/prediction"] = answers.prediction
        arrays[f"{variant}/{wire}/confidence"] = answers.confidence
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]


def differences(info: WorkloadInfo, variant: Variant, numbers: Sequence[int], tolerance: float) -> list[Difference]:
    """Run the samples of these numbers and list those that disagree with the table.

    A sample disagrees when any exit's prediction differs or its confidence is off by more than ``tolerance``. On
    another processor or version than the table's, kernels round otherwise: int8 then moves by up to a few hundredths.
    """
    chosen = read_samples(info.samples_path).pick(list(numbers))
    ran = Chain([stage.path for stage in variant.stages]).answers(chosen.inputs(variant), WIRES)
    return [found for wire in WIRES for found in _disagreeing(info, variant.name, wire, numbers, ran[wire], tolerance)]


def _disagreeing(
    info: WorkloadInfo, variant: str, wire: str, numbers: Sequence[int], ran: Answers, tolerance: float
) -> Iterator[Difference]:
    stored = read_table(info.replay_path, variant, wire)
    for row, number in enumerate(numbers):
        differ = bool((ran.prediction[row] != stored.prediction[number]).any())
        gap = float(np.abs(ran.confidence[row] - stored.confidence[number]).max())
        if differ or gap > tolerance:
            yield Difference(variant, wire, number, differ, gap)


def host_meta() -> dict[str, object]:
    """onnxruntime's version and this processor's features, as kept in a table's ``meta``."""
    import onnxruntime

    return {"onnxruntime": onnxruntime.__version__, "cpu_flags": cpu_flags()}


def cpu_flags() -> list[str]:
    """Features of this processor among ``FLAGS``; empty where the kernel doesn't tell."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    words = {word for line in lines if line.startswith(("flags", "Features")) for word in line.split()}
    return [flag for flag in FLAGS if flag in words]
