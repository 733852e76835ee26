"""Answers computed beforehand, looked up instead of run."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from telcoai.errors import InputError
from telcoai.model.wire import WIRES, wire_bytes
from telcoai.serving.config import NodeConfig, VariantConfig, WorkloadConfig
from telcoai.serving.stage_runs import StageOutput

Table = tuple[NDArray[np.integer], NDArray[np.float32]]
"""Predictions and confidences, each samples × stages."""


class Replay:
    """The tables of every variant and wire format that a node may have to replay."""

    def __init__(self, tables: dict[tuple[str, str], Table]) -> None:
        self._tables = tables

    def knows(self, variant: str, wire: str, sample: int) -> bool:
        """Whether there is an answer for the sample."""
        table = self._tables.get((variant, wire))
        return table is not None and 0 <= sample < len(table[0])

    def look_up(self, variant: VariantConfig, wire: str, sample: int, stage: int) -> StageOutput:
        """What the stage gives for the sample; the activation has the right size and no content."""
        predictions, confidences = self._tables[variant.name, wire]
        shape = variant.stages[stage].activation_shape
        size = wire_bytes(math.prod(shape), wire) if shape else 0
        prediction, confidence = int(predictions[sample, stage]), float(confidences[sample, stage])
        return StageOutput(prediction, confidence, bytes(size), 1.0, is_replayed=True)


def read_replay(config: NodeConfig) -> Replay:
    """Read the replay files of a configuration; InputError when one is damaged or lacks what is needed."""
    tables: dict[tuple[str, str], Table] = {}
    for workload in config.workloads.values():
        if workload.replay is not None:
            tables |= _read_file(workload, workload.replay)
    return Replay(tables)


def _read_file(workload: WorkloadConfig, path: Path) -> dict[tuple[str, str], Table]:
    if not path.exists() and not any("replay" in variant.compute for variant in workload.variants):
        return {}
    tables = {}
    try:
        with np.load(path) as arrays:
            for variant in workload.variants:
                for wire in WIRES:
                    tables[variant.name, wire] = _table(arrays, f"{variant.name}/{wire}", len(variant.stages))
    except (OSError, ValueError, KeyError) as err:
        raise InputError(f"{path}: not a usable replay file: {err}") from err
    return tables


def _table(arrays: np.lib.npyio.NpzFile, name: str, stages: int) -> Table:
    predictions, confidences = arrays[f"{name}/prediction"], arrays[f"{name}/confidence"].astype(np.float32)
    if predictions.shape != confidences.shape or predictions.ndim != 2 or predictions.shape[1] != stages:
        raise ValueError(f"{name} has shape {predictions.shape}, with {stages} stages")
    return predictions, confidences
