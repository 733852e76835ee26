"""The frames that stand for what a camera sees."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from telcoai.serving.refusals import Refused


class Samples:
    """Sample files, each read once, when first needed."""

    def __init__(self) -> None:
        self._frames: dict[Path, NDArray[np.uint8]] = {}
        self._lock = threading.Lock()

    def load(self, path: Path) -> NDArray[np.uint8]:
        """All frames of a file, n × h × w × 3; blocks while they are read. Refused(500) when they can't be."""
        with self._lock:
            if path not in self._frames:
                self._frames[path] = _read(path)
            return self._frames[path]

    def frame(self, path: Path | None, number: int) -> NDArray[np.uint8]:
        """One frame; Refused(400) when there is none of that number."""
        if path is None:
            raise Refused(400, "this workload has no samples here; send a frame")
        frames = self._frames.get(path)
        if frames is None:
            frames = self.load(path)
        if not 0 <= number < len(frames):
            raise Refused(400, f"sample {number} is not in 0 … {len(frames) - 1}")
        frame: NDArray[np.uint8] = frames[number]
        return frame


def _read(path: Path) -> NDArray[np.uint8]:
    try:
        with np.load(path) as arrays:
            frames: NDArray[np.uint8] = arrays["frames"]
    except (OSError, ValueError, KeyError) as err:
        raise Refused(500, f"{path}: no usable samples: {err}") from err
    if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype != np.uint8:
        raise Refused(500, f"{path}: frames are {frames.dtype} {frames.shape}, not uint8 n × h × w × 3")
    return frames
