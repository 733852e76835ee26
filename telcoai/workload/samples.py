"""Labelled samples of a workload, kept in an npz file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from telcoai.errors import InputError
from telcoai.model.frames import scale
from telcoai.model.workload import Variant


@dataclass(frozen=True)
class Samples:
    """``frames``: uint8, n × h × w × 3; or tensors, n × any shape, as variants take them. ``labels``: int64, n.

    ``array``: the name of the first in its file, frames or inputs.
    """

    frames: NDArray[Any]
    labels: NDArray[np.int64]
    array: Literal["frames", "inputs"] = "frames"

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, start: int, stop: int) -> Samples:
        """Samples ``start`` to ``stop``."""
        return self.pick(slice(start, stop))

    def pick(self, which: slice | list[int]) -> Samples:
        """The samples of these numbers."""
        return Samples(self.frames[which], self.labels[which], self.array)

    def inputs(self, variant: Variant) -> Iterator[NDArray[Any]]:
        """Each sample as the variant takes it; InputError when they aren't of its kind, datatype and shape."""
        tensor = variant.tensor
        if tensor is None and self.array == "frames":
            return self.scaled(variant.input_size)
        if tensor is None or self.frames.shape[1:] != tensor.shape or self.frames.dtype != tensor.numpy:
            wanted = "frames" if tensor is None else f"inputs of {tensor}"
            have = f"{self.array} of {self.frames.dtype} {list(self.frames.shape[1:])}"
            raise InputError(f"{variant.name} takes {wanted}, the samples are {have}")
        return iter(self.frames)

    def scaled(self, size: int) -> Iterator[NDArray[np.uint8]]:
        """Each frame as a camera of ``size`` × ``size`` pixels delivers it."""
        return (scale(frame, size) for frame in self.frames)

    def digests(self) -> list[str]:
        """SHA-256 of each sample, to tell whether two sets share one."""
        return [hashlib.sha256(frame.tobytes()).hexdigest() for frame in self.frames]


def read_samples(path: Path) -> Samples:
    """Samples of a file; InputError when it isn't one."""
    try:
        with np.load(path) as arrays:
            array: Literal["frames", "inputs"] = "inputs" if "inputs" in arrays else "frames"
            return Samples(arrays[array], arrays["labels"].astype(np.int64), array)
    except (OSError, ValueError, KeyError) as err:
        raise InputError(
            f"{path} is not a file of samples: {err}", "it needs the arrays frames and labels, or inputs and labels"
        ) from err


def write_samples(path: Path, samples: Samples) -> None:
    """Write samples so that ``read_samples`` gets them back."""
    arrays: dict[str, NDArray[Any]] = {samples.array: samples.frames, "labels": samples.labels.astype(np.int64)}
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
