"""The samples that a user gives with a model: what is calibrated with, and what is scored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from telcoai.errors import InputError
from telcoai.model.frames import scale
from telcoai.workload.samples import Samples, write_samples

Kind = Literal["frames", "inputs"]
LEAST = 8
"""Fewest samples of a slice: with fewer, an accuracy says nothing and int8 ranges are chance."""
MOST_CLASSES = 2**15
"""Predictions are kept in 16 bits."""


@dataclass(frozen=True)
class Material:
    """``values``: uint8 frames, n × h × w × 3, or inputs as the model takes them, n × its shape. ``labels``: int64."""

    kind: Kind
    values: NDArray[Any]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, numbers: NDArray[np.integer]) -> Material:
        """The samples of these numbers."""
        return Material(self.kind, self.values[numbers], self.labels[numbers])

    def fed(self, size: int) -> Iterator[NDArray[Any]]:
        """Each sample as a model's first stage gets it, without the batch; frames at ``size`` × ``size`` pixels."""
        if self.kind == "inputs":
            return iter(self.values)
        return (scale(frame, size) for frame in self.values)

    def write(self, path: Path) -> None:
        """Write the samples beside a workload."""
        write_samples(path, Samples(self.values, self.labels, self.kind))


def read_material(path: Path) -> Material:
    """The samples of an npz file with ``labels`` and either ``frames`` or ``inputs``; InputError when it isn't one."""
    try:
        with np.load(path) as arrays:
            found = {name: arrays[name] for name in ("frames", "inputs", "labels") if name in arrays}
    except FileNotFoundError as err:
        raise InputError(f"there is no file {path}") from err
    except (OSError, ValueError, BadZipFile, EOFError, TypeError) as err:
        raise InputError(
            f"{path} is not a file of samples: {err}", "np.savez(file, frames=…, labels=…) makes one"
        ) from err
    if "labels" not in found:
        hint = "add an array labels, int64: the right class of each sample, from 0"
        raise InputError(f"{path} has no labels, so no accuracy can be told", hint)
    kinds: list[Kind] = [kind for kind in ("frames", "inputs") if kind in found]
    if len(kinds) != 1:
        raise InputError(
            f"{path} has {'both' if kinds else 'neither'} frames and inputs", "it needs one of the two arrays"
        )
    values, labels = found[kinds[0]], found["labels"]
    _refuse_odd(path, kinds[0], values, labels)
    return Material(kinds[0], values, labels.astype(np.int64))


def split(material: Material, share: float, seed: int) -> tuple[Material, Material]:
    """(calibration slice, scored slice), drawn with ``seed``, no sample in both; InputError when one is too small."""
    count = round(len(material) * share)
    if count < LEAST or len(material) - count < LEAST:
        raise InputError(
            f"{len(material)} samples give {count} to calibrate with and {len(material) - count} to score; "
            f"each slice needs {LEAST}",
            "give more samples, or another --calibration",
        )
    return _drawn(material, count, seed)


def halves(calibration: Material, seed: int) -> tuple[Material, Material]:
    """(what a head is fitted to, what it is calibrated with): accuracy on the first half would be flattered.

    InputError when a half is too small.
    """
    count = len(calibration) // 2
    if count < LEAST:
        raise InputError(
            f"a calibration slice of {len(calibration)} samples gives {count} for centroids; each half needs {LEAST}",
            "give more samples, or a larger --calibration",
        )
    return _drawn(calibration, count, seed + 1)


def _drawn(material: Material, count: int, seed: int) -> tuple[Material, Material]:
    order = np.random.default_rng(seed).permutation(len(material))
    return material.part(np.sort(order[:count])), material.part(np.sort(order[count:]))


def _refuse_odd(path: Path, kind: Kind, values: NDArray[Any], labels: NDArray[Any]) -> None:
    if kind == "frames" and (values.ndim != 4 or values.shape[3] != 3 or values.dtype != np.uint8):
        raise InputError(f"{path}: frames are {values.dtype} {list(values.shape)}, not uint8 [n, h, w, 3]")
    if values.ndim < 2 or values.dtype.kind not in "iufb":
        raise InputError(f"{path}: {kind} are {values.dtype} {list(values.shape)}, not numbers [n, …]")
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or len(labels) != len(values):
        raise InputError(
            f"{path}: labels are {labels.dtype} {list(labels.shape)}, not one integer for each of {len(values)}"
        )
    if len(labels) and not 0 <= labels.min() <= labels.max() < MOST_CLASSES:
        raise InputError(
            f"{path}: labels go from {labels.min()} to {labels.max()}, not from 0 to {MOST_CLASSES - 1} at most"
        )
