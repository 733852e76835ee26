"""What the first exit sees of an activation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def pooled(activation: NDArray[np.float32]) -> NDArray[np.float32]:
    """N × C × H × W to N × 3 C: mean, mean of the positive part, maximum of each channel."""
    means = [activation.mean((2, 3)), np.maximum(activation, 0).mean((2, 3)), activation.max((2, 3))]
    return np.concatenate(means, 1)
