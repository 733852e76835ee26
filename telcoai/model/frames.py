"""How a stored sample becomes the frame that a camera of a given resolution would deliver."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float32]


def scale(frame: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Bilinear resize (pixel centres aligned, edges repeated) of h × w × 3 uint8 to size × size × 3 uint8.

    In single steps of float32 and without matrix products, so that every machine gets the same bytes, on one thread.
    """
    low, high, near, far = _mix(frame.shape[1], size)
    source = frame.astype(np.float32)
    wide = source[:, low] * near[:, None] + source[:, high] * far[:, None]
    low, high, near, far = _mix(frame.shape[0], size)
    wide = wide.reshape(len(wide), -1)
    out = wide[low] * near[:, None]
    out += wide[high] * far[:, None]
    scaled: NDArray[np.uint8] = np.rint(out, out=out).astype(np.uint8).reshape(size, size, 3)
    return scaled


@lru_cache(maxsize=32)
def _mix(source: int, target: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Weights, Weights]:
    """For each target pixel: the two nearest source pixels along an axis, and the weight of each."""
    at = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
    low = np.floor(at).astype(np.intp)
    high = np.minimum(low + 1, source - 1)
    return low, high, (1 - (at - low)).astype(np.float32), (at - low).astype(np.float32)
