"""Tensors of Open Inference Protocol requests: made at random or read from a file, encoded as JSON or raw bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from telcoai.errors import InputError

DTYPES: Mapping[str, np.dtype[Any]] = MappingProxyType(
    {
        "BOOL": np.dtype(np.bool_),
        "UINT8": np.dtype(np.uint8),
        "UINT16": np.dtype(np.uint16),
        "UINT32": np.dtype(np.uint32),
        "UINT64": np.dtype(np.uint64),
        "INT8": np.dtype(np.int8),
        "INT16": np.dtype(np.int16),
        "INT32": np.dtype(np.int32),
        "INT64": np.dtype(np.int64),
        "FP16": np.dtype(np.float16),
        "FP32": np.dtype(np.float32),
        "FP64": np.dtype(np.float64),
        "BYTES": np.dtype(np.object_),
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """One input; ``values`` are flat, row-major, of the datatype's numpy type (BYTES: str objects)."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    values: NDArray[Any]


def random_tensor(name: str, datatype: str, shape: Sequence[int], rng: np.random.Generator) -> Tensor:
    """Floats standard normal, integers 0 to 127 (UINT8: to 255), words for BYTES. Open sizes (-1) become 1."""
    dtype = dtype_of(name, datatype)
    sizes = tuple(1 if size < 0 else int(size) for size in shape)
    count = int(np.prod(sizes, dtype=np.int64))
    if datatype == "BYTES":
        words = [f"word-{number}" for number in rng.integers(0, 1000, count)]
        return Tensor(name, datatype, sizes, np.array(words, dtype))
    if dtype.kind == "f":
        return Tensor(name, datatype, sizes, rng.standard_normal(count).astype(dtype))
    most = {"BOOL": 2, "UINT8": 256}.get(datatype, 128)
    return Tensor(name, datatype, sizes, rng.integers(0, most, count).astype(dtype))


def read_tensors(path: Path) -> tuple[Tensor, ...]:
    """The inputs of a JSON file that holds an inference request: ``{"inputs": [{name, shape, datatype, data}]}``."""
    try:
        content = orjson.loads(path.read_bytes())
    except OSError as err:
        raise InputError(f"{path}: {err.strerror}") from err
    except orjson.JSONDecodeError as err:
        raise InputError(f"{path}:{err.lineno}:{err.colno}: not JSON: {err.msg}") from err
    if not isinstance(content, dict) or set(content) != {"inputs"} or not isinstance(content["inputs"], list):
        raise InputError(f'{path}: not {{"inputs": […]}}', "write the inputs of an inference request, nothing else")
    return tuple(_tensor(entry, f"{path}: input {number}") for number, entry in enumerate(content["inputs"]))


def _tensor(entry: Mapping[str, Any], place: str) -> Tensor:
    try:
        name, datatype, shape = str(entry["name"]), str(entry["datatype"]), tuple(map(int, entry["shape"]))
        values = np.array(entry["data"], dtype_of(name, datatype)).reshape(-1)
        if values.size != np.prod(shape, dtype=np.int64):
            raise InputError(f"{place}: {values.size} values don't fill the shape {list(shape)}")
    except KeyError as err:
        raise InputError(f"{place}: {err.args[0]} is missing") from err
    except (TypeError, ValueError, OverflowError) as err:
        raise InputError(f"{place}: {err}") from err
    return Tensor(name, datatype, shape, values)


def dtype_of(name: str, datatype: str) -> np.dtype[Any]:
    """The numpy type of a datatype; InputError when it isn't one that can be made here."""
    if datatype not in DTYPES:
        raise InputError(f"input {name}: no datatype {datatype!r}", f"known: {', '.join(DTYPES)}")
    return DTYPES[datatype]


def json_body(tensors: Sequence[Tensor]) -> bytes:
    """The request's body with all data as JSON."""
    return orjson.dumps({"inputs": [{**_head(t), "data": t.values.tolist()} for t in tensors]})


def binary_body(tensors: Sequence[Tensor]) -> tuple[bytes, int]:
    """The request's body with raw data after its JSON (binary tensor extension), and the length of that JSON."""
    raw = [_raw(tensor) for tensor in tensors]
    heads = [
        {**_head(tensor), "parameters": {"binary_data_size": len(data)}}
        for tensor, data in zip(tensors, raw, strict=True)
    ]
    text = orjson.dumps({"inputs": heads, "parameters": {"binary_data_output": True}})
    return b"".join([text, *raw]), len(text)


def _head(tensor: Tensor) -> dict[str, Any]:
    return {"name": tensor.name, "shape": list(tensor.shape), "datatype": tensor.datatype}


def _raw(tensor: Tensor) -> bytes:
    """Little-endian values; BYTES elements each after their length in four bytes."""
    if tensor.datatype != "BYTES":
        return tensor.values.astype(tensor.values.dtype.newbyteorder("<")).tobytes()
    elements = [str(value).encode() for value in tensor.values]
    return b"".join([len(element).to_bytes(4, "little") + element for element in elements])
