"""Tensors of the Open Inference Protocol v2: datatypes, shapes, and data as JSON or raw bytes."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telcoai.serving.refusals import Refused

DTYPES: dict[str, type[np.generic]] = {
    "BOOL": np.bool_,
    "UINT8": np.uint8,
    "UINT16": np.uint16,
    "UINT32": np.uint32,
    "UINT64": np.uint64,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "FP16": np.float16,
    "FP32": np.float32,
    "FP64": np.float64,
    "BYTES": np.object_,
}
KINDS = {"BOOL": "b", "FP16": "iuf", "FP32": "iuf", "FP64": "iuf"}
MAX_RANK = 16


@dataclass(frozen=True, slots=True)
class Spec:
    """What a model takes or gives; -1 in ``shape`` is any size."""

    name: str
    datatype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input as it came: raw bytes, or ``data`` as JSON has it; its values are not looked at before ``array``."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    raw: bytes | None
    data: Any = None

    def check(self, spec: Spec) -> None:
        """Refuse a tensor of another datatype or shape than the model takes."""
        fits = len(self.shape) == len(spec.shape) and all(
            want in (-1, have) for have, want in zip(self.shape, spec.shape, strict=True)
        )
        if self.datatype != spec.datatype or not fits:
            have, want = f"{self.datatype} {list(self.shape)}", f"{spec.datatype} {list(spec.shape)}"
            raise Refused(400, f"input '{self.name}' is {have}; the model takes {want}")

    def array(self) -> NDArray[Any]:
        """The values; Refused(400) when they don't fit the datatype or shape."""
        if self.raw is None:
            flat = _from_json(self.name, self.data, self.datatype, self.shape)
        elif self.datatype == "BYTES":
            flat = _from_strings(self.name, self.raw, math.prod(self.shape))
        else:
            flat = np.frombuffer(self.raw, DTYPES[self.datatype])
        return flat.reshape(self.shape)


def read_tensor(entry: Any, raw: bytes | None) -> Tensor:
    """A tensor from an entry of ``inputs``; ``raw`` is its part after the JSON, if it has one."""
    name, datatype, shape = entry.get("name"), entry.get("datatype"), entry.get("shape")
    if not isinstance(name, str) or not name:
        raise Refused(400, "an input has no name")
    if not isinstance(datatype, str) or datatype not in DTYPES:
        raise Refused(400, f"input '{name}': unknown datatype {datatype!r}; known are {', '.join(DTYPES)}")
    if not isinstance(shape, list) or len(shape) > MAX_RANK or not all(_is_size(size) for size in shape):
        raise Refused(400, f"input '{name}': shape has to be a list of at most {MAX_RANK} sizes from 0 on")
    if raw is None and "data" not in entry:
        raise Refused(400, f"input '{name}' has no data")
    if raw is not None and datatype != "BYTES":
        wanted = math.prod(shape) * np.dtype(DTYPES[datatype]).itemsize
        if len(raw) != wanted:
            raise Refused(400, f"input '{name}' has {len(raw)} bytes; its shape and datatype need {wanted}")
    return Tensor(name, datatype, tuple(shape), raw, entry.get("data"))


def to_raw(values: NDArray[Any], datatype: str) -> bytes:
    """Values as the binary extension has them."""
    if datatype != "BYTES":
        return values.astype(DTYPES[datatype], copy=False).tobytes()
    return b"".join(one_string(one) for one in values.ravel().tolist())


def one_string(value: bytes) -> bytes:
    """One element of a BYTES tensor: its length, little-endian on 4 bytes, and itself."""
    return struct.pack("<I", len(value)) + value


def _is_size(size: object) -> bool:
    return isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 2**40


def _from_json(name: str, data: Any, datatype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    flat = _flatten(name, data, shape)
    if datatype == "BYTES":
        if not all(isinstance(one, str) for one in flat):
            raise Refused(400, f"input '{name}': BYTES in JSON have to be strings")
        return np.array([one.encode() for one in flat], np.object_)
    dtype = DTYPES[datatype]
    if not flat:
        return np.empty(0, dtype)
    if datatype not in KINDS:
        return _integers(name, flat, datatype)
    try:
        values = np.array(flat)
    except (ValueError, OverflowError) as err:
        raise Refused(400, f"input '{name}': data does not fit its shape") from err
    if values.ndim != 1 or values.dtype.kind not in KINDS[datatype]:
        raise Refused(400, f"input '{name}': data are not all {datatype}")
    with np.errstate(over="ignore"):
        return values.astype(dtype, copy=False)


def _integers(name: str, flat: list[Any], datatype: str) -> NDArray[Any]:
    """Whole numbers, with no detour over floats: that would be taken where some are above the signed ones' range."""
    if set(map(type, flat)) != {int}:
        raise Refused(400, f"input '{name}': data are not all {datatype}")
    try:
        return np.array(flat, DTYPES[datatype])
    except OverflowError as err:
        raise Refused(400, f"input '{name}': data are out of {datatype}'s range") from err


def _flatten(name: str, data: Any, shape: tuple[int, ...]) -> list[Any]:
    """Data, flat already or nested as ``shape``, as a flat list; looks at no more items than the shape has."""
    if not isinstance(data, list):
        raise Refused(400, f"input '{name}': data has to be a list")
    if len(data) == math.prod(shape) and not (data and isinstance(data[0], list)):
        return data
    level = [data]
    for size in shape:
        if not all(isinstance(one, list) and len(one) == size for one in level):
            raise Refused(400, f"input '{name}': data does not fit its shape {list(shape)}")
        level = [item for one in level for item in one]
    return level


def _from_strings(name: str, raw: bytes, count: int) -> NDArray[np.object_]:
    found: list[bytes] = []
    at = 0
    while at < len(raw) and len(found) < count:
        if at + 4 > len(raw):
            break
        (size,) = struct.unpack_from("<I", raw, at)
        found.append(raw[at + 4 : at + 4 + size])
        at += 4 + size
    if at != len(raw) or len(found) != count:
        raise Refused(400, f"input '{name}': its bytes are not {count} strings with their lengths")
    return np.array(found, np.object_)
