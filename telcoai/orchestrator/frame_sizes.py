"""How large frames are as JPEG, so that strategies can foresee what a link has to carry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from telcoai.errors import InputError
from telcoai.model.scenario import Service
from telcoai.model.workload import WorkloadInfo

SAMPLES = 24
"""Frames that are encoded, evenly spread over the samples: sizes vary by about 16 % (standard
deviation), so their mean by 3 %."""

FrameBytes = Mapping[str, Mapping[str, int]]
"""Mean bytes of a frame by variant, for each service whose frames travel as JPEG."""


def measure_frames(services: Iterable[Service], workloads: Mapping[str, WorkloadInfo]) -> FrameBytes:
    """Really encode some samples at each variant's size; nothing is read when all frames travel raw.

    InputError when a workload's samples can't be read or are no frames.
    """
    return {one.name: _measure(workloads[one.workload]) for one in services if one.frames == "jpeg"}


def _measure(workload: WorkloadInfo) -> dict[str, int]:
    from telcoai.model.frames import scale
    from telcoai.model.jpeg import encode

    refuse_tensors(workload)
    frames = _some_frames(workload.samples_path)
    sizes = {variant.input_size for variant in workload.variants}
    mean = {size: round(sum(len(encode(scale(one, size))) for one in frames) / len(frames)) for size in sizes}
    return {variant.name: mean[variant.input_size] for variant in workload.variants}


def refuse_tensors(workload: WorkloadInfo) -> None:
    """InputError when the workload takes tensors, of which no JPEG can be made."""
    for variant in workload.variants:
        if variant.tensor is not None:
            what = f"{workload.name} takes {variant.tensor}, which can't travel as JPEG"
            raise InputError(what, "leave frames: jpeg out of its services")


def _some_frames(path: Path) -> list[Any]:
    import numpy as np

    try:
        with np.load(path) as arrays:
            frames = arrays["frames"]
    except (OSError, ValueError, KeyError) as err:
        raise InputError(f"{path}: no usable samples: {err}") from err
    if len(frames) == 0:
        raise InputError(f"{path}: it holds no samples")
    return list(frames[:: max(1, len(frames) // SAMPLES)][:SAMPLES])
