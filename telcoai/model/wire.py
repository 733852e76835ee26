"""How an activation travels from a stage to the next one.

It takes this form at every cut, also when the next stage runs on the same node, so that a prediction never depends on
where the stages run.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WIRES = ("fp16", "int8")


def to_wire(activation: NDArray[np.float32], wire: str) -> tuple[bytes, float]:
    """Encode a float32 activation; returns its bytes and the scale (1.0 for fp16).

    int8 is symmetric per tensor: scale = max|x| / 127, values rounded half to even and clipped to ±127.
    """
    if wire == "fp16":
        return activation.astype(np.float16).tobytes(), 1.0
    if wire != "int8":
        raise ValueError(f"unknown wire format {wire!r}")
    peak = float(np.max(np.abs(activation))) if activation.size else 0.0
    scale = np.float32(peak / 127.0) if peak > 0 else np.float32(1.0)
    return np.clip(np.rint(activation / scale), -127, 127).astype(np.int8).tobytes(), float(scale)


def from_wire(raw: bytes | memoryview, scale: float, wire: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Decode what ``to_wire`` made into float32 of ``shape`` (batch included); ValueError when sizes don't fit."""
    if wire == "fp16":
        return np.frombuffer(raw, np.float16).astype(np.float32).reshape(shape)
    if wire != "int8":
        raise ValueError(f"unknown wire format {wire!r}")
    return (np.frombuffer(raw, np.int8).astype(np.float32) * np.float32(scale)).reshape(shape)


def wire_bytes(values: int, wire: str) -> int:
    """Bytes of an activation of ``values`` values on the wire."""
    return values * (2 if wire == "fp16" else 1)
