"""How a stored sample becomes the frame that a camera of a given resolution would deliver."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def scale(frame: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Bilinear resize (pixel centres aligned, edges repeated) of h × w × 3 uint8 to size × size × 3 uint8."""
    rows = _weights(frame.shape[0], size)
    columns = _weights(frame.shape[1], size)
    out = rows @ frame.astype(np.float32).reshape(frame.shape[0], -1)
    out = out.reshape(size, frame.shape[1], 3).transpose(1, 0, 2).reshape(frame.shape[1], -1)
    out = (columns @ out).reshape(size, size, 3).transpose(1, 0, 2)
    scaled: NDArray[np.uint8] = np.clip(np.rint(out), 0, 255).astype(np.uint8)
    return scaled


def _weights(source: int, target: int) -> NDArray[np.float32]:
    """Matrix (target × source) whose rows mix the two nearest source pixels."""
    at = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, source - 1)
    matrix = np.zeros((target, source), np.float32)
    matrix[np.arange(target), low] += (1 - (at - low)).astype(np.float32)
    matrix[np.arange(target), high] += (at - low).astype(np.float32)
    return matrix
