"""The frames that stand for what a camera sees, or the tensors that stand for what another sensor gives."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telcoai.model.tensor_input import TensorInput
from telcoai.serving.refusals import Refused


class Samples:
    """Sample files, each read once, when first needed."""

    def __init__(self) -> None:
        self._inputs: dict[Path, NDArray[Any]] = {}
        self._lock = threading.Lock()

    def load(self, path: Path, tensor: TensorInput | None) -> NDArray[Any]:
        """All samples of a file, n × h × w × 3 or n × the tensor's shape; blocks while they are read.

        Refused(500) when they can't be, or aren't what the variants take.
        """
        with self._lock:
            if path not in self._inputs:
                self._inputs[path] = _read(path, tensor)
            return self._inputs[path]

    def input(self, path: Path | None, number: int, tensor: TensorInput | None) -> NDArray[Any]:
        """One sample; Refused(400) when there is none of that number."""
        if path is None:
            raise Refused(400, f"this workload has no samples here; send {'a frame' if tensor is None else 'an input'}")
        inputs = self._inputs.get(path)
        if inputs is None:
            inputs = self.load(path, tensor)
        if not 0 <= number < len(inputs):
            raise Refused(400, f"sample {number} is not in 0 … {len(inputs) - 1}")
        one: NDArray[Any] = inputs[number]
        return one


def _read(path: Path, tensor: TensorInput | None) -> NDArray[Any]:
    name = "frames" if tensor is None else "inputs"
    try:
        with np.load(path) as arrays:
            found: NDArray[Any] = arrays[name]
    except (OSError, ValueError, KeyError) as err:
        raise Refused(500, f"{path}: no usable samples: {err}") from err
    if tensor is None:
        fits, wanted = found.ndim == 4 and found.shape[3] == 3 and found.dtype == np.uint8, "uint8 n × h × w × 3"
    else:
        fits, wanted = found.shape[1:] == tensor.shape and found.dtype == tensor.numpy, f"n × {tensor}"
    if not fits:
        raise Refused(500, f"{path}: {name} are {found.dtype} {found.shape}, not {wanted}")
    return found
