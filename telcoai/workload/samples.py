"""Labelled samples of a workload, kept in an npz file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from telcoai.errors import InputError
from telcoai.model.frames import scale


@dataclass(frozen=True)
class Samples:
    """``frames``: uint8, n × h × w × 3. ``labels``: int64, n."""

    frames: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, start: int, stop: int) -> Samples:
        """Samples ``start`` to ``stop``."""
        return Samples(self.frames[start:stop], self.labels[start:stop])

    def scaled(self, size: int) -> Iterator[NDArray[np.uint8]]:
        """Each frame as a camera of ``size`` × ``size`` pixels delivers it."""
        return (scale(frame, size) for frame in self.frames)

    def digests(self) -> list[str]:
        """SHA-256 of each frame's pixels, to tell whether two sets share one."""
        return [hashlib.sha256(frame.tobytes()).hexdigest() for frame in self.frames]


def read_samples(path: Path) -> Samples:
    """Samples of a file; InputError when it isn't one."""
    try:
        with np.load(path) as arrays:
            return Samples(arrays["frames"], arrays["labels"].astype(np.int64))
    except (OSError, ValueError, KeyError) as err:
        raise InputError(f"{path} is not a file of samples: {err}", "it needs the arrays frames and labels") from err


def write_samples(path: Path, samples: Samples) -> None:
    """Write samples so that ``read_samples`` gets them back."""
    np.savez_compressed(path, frames=samples.frames, labels=samples.labels.astype(np.int64))
