"""Whether stages that follow each other say what the whole model says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from telcoai.errors import InputError
from telcoai.workload.chain import run_named
from telcoai.workload.importing.material import Material
from telcoai.workload.importing.source import open_with, session_options

TINY = 1e-30
"""Stands for the largest output where all are zero."""
MOST = float(np.finfo(np.float16).max)
"""Largest value of an activation on the narrowest float wire."""


@dataclass(frozen=True, slots=True)
class Composition:
    """``absolute``: largest difference of a logit over ``samples``; ``relative``: that over the largest logit."""

    samples: int
    absolute: float
    relative: float


def run_stages(stages: Sequence[Path], material: Material, size: int, *, fused: bool = True) -> NDArray[np.float32]:
    """Logits of every sample (n × classes) from stages that hand on float32 as it is.

    Not ``fused``: operator by operator. A model that computes with int8 has to be compared so: operators that are fused
    across a cut round otherwise in the last bit, and a value that int8 then rounds the other way is a whole step off.
    InputError when an activation is beyond what travels as fp16.
    """
    sessions = [open_with(path, session_options(fused=fused), path) for path in stages]
    rows = []
    for value in material.fed(size):
        activation = value[None]
        for session in sessions:
            given = run_named(session, {session.get_inputs()[0].name: activation})
            activation = given.get("activation", activation)
            _refuse_wide(given.get("activation"))
        rows.append(given["logits"][0])
    return np.asarray(rows, np.float32)


def compare(whole: NDArray[np.float32], chained: NDArray[np.float32], tolerance: float) -> Composition:
    """How far the stages are from the whole; InputError above the relative ``tolerance``, or where one isn't finite."""
    if not (np.isfinite(whole).all() and np.isfinite(chained).all()):
        raise InputError(
            "the model's outputs to these samples aren't finite numbers",
            "look at --mean, --std and the samples' values",
        )
    absolute = float(np.abs(whole - chained).max())
    found = Composition(len(whole), absolute, absolute / max(float(np.abs(whole).max()), TINY))
    if found.relative > tolerance:
        raise InputError(
            f"the stages together differ from the whole model by {found.absolute:.3g} "
            f"({found.relative:.2g} of its largest output), more than --tolerance {tolerance:g}",
            "cut elsewhere (--list), or allow it with a larger --tolerance",
        )
    return found


def _refuse_wide(activation: NDArray[np.float32] | None) -> None:
    largest = 0.0 if activation is None else float(np.abs(activation).max())
    if np.isfinite(largest) and largest > MOST:
        raise InputError(
            f"an activation between stages reaches {largest:.3g}, and travels as fp16, which ends at {MOST:g}",
            "cut elsewhere (--cut), or look at --mean, --std and the samples' values",
        )
