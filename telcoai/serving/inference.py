"""Inference requests and replies of the Open Inference Protocol v2, with the binary tensor extension."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from telcoai.serving.refusals import Refused
from telcoai.serving.server import Response
from telcoai.serving.tensors import Spec, Tensor, read_tensor, to_raw

HEADER_LENGTH = "inference-header-content-length"


@dataclass(frozen=True, slots=True)
class Inference:
    """A request: ``outputs`` maps the names asked for to whether each is wanted in binary; empty means all."""

    id: str | None
    inputs: dict[str, Tensor]
    outputs: dict[str, bool]
    is_binary: bool
    """Whether outputs are wanted in binary where no output says so itself."""


def read_inference(body: bytes, header_length: str | None) -> Inference:
    """Read a request's body; Refused(400) when it is none."""
    document, rest = _split(body, header_length)
    if not isinstance(document, dict):
        raise Refused(400, "the request has to be a JSON object")
    name, entries = document.get("id"), document.get("inputs")
    if name is not None and not isinstance(name, str):
        raise Refused(400, "id has to be a string")
    if not isinstance(entries, list) or not entries:
        raise Refused(400, "inputs has to be a list of at least one input")
    is_binary = _parameters(document).get("binary_data_output", False) is True
    return Inference(name, _inputs(entries, rest), _outputs(document.get("outputs"), is_binary), is_binary)


def write_inference(
    model: str,
    inference: Inference,
    parameters: Mapping[str, object],
    values: Mapping[str, tuple[Spec, NDArray[Any]]],
) -> Response:
    """The reply with the outputs asked for; Refused(400) for an unknown one."""
    wanted = inference.outputs or dict.fromkeys(values, inference.is_binary)
    entries, blobs = [], []
    for name, is_binary in wanted.items():
        if name not in values:
            raise Refused(400, f"model '{model}' has no output '{name}'; it has {', '.join(values)}")
        spec, array = values[name]
        entry: dict[str, Any] = {"name": name, "datatype": spec.datatype, "shape": list(array.shape)}
        if is_binary:
            blobs.append(to_raw(array, spec.datatype))
            entry["parameters"] = {"binary_data_size": len(blobs[-1])}
        else:
            entry["data"] = array.ravel().tolist()
        entries.append(entry)
    document = {"model_name": model, "model_version": "1", "parameters": parameters, "outputs": entries}
    if inference.id is not None:
        document["id"] = inference.id
    head = orjson.dumps(document)
    if not blobs:
        return Response(200, head, {"content-type": "application/json"})
    headers = {"content-type": "application/octet-stream", HEADER_LENGTH: str(len(head))}
    return Response(200, head + b"".join(blobs), headers)


def one_raw_input(name: str, datatype: str, shape: tuple[int, ...], raw: bytes) -> tuple[dict[str, str], bytes]:
    """Headers and body of a request with one binary input, as a hop sends it to the next."""
    entry = {"name": name, "datatype": datatype, "shape": shape, "parameters": {"binary_data_size": len(raw)}}
    head = orjson.dumps({"inputs": [entry]})
    return {"content-type": "application/octet-stream", HEADER_LENGTH: str(len(head))}, head + raw


def scalar(value: float, dtype: type[np.generic]) -> NDArray[Any]:
    """A 1 × 1 array."""
    return np.array([[value]], dtype)


def _split(body: bytes, header_length: str | None) -> tuple[Any, memoryview]:
    length = len(body)
    if header_length is not None:
        if not header_length.isascii() or not header_length.isdigit() or int(header_length[:12]) > len(body):
            raise Refused(400, f"{HEADER_LENGTH} has to be a number of bytes within the body")
        length = int(header_length[:12])
    view = memoryview(body)
    try:
        return orjson.loads(view[:length]), view[length:]
    except orjson.JSONDecodeError as err:
        raise Refused(400, f"the request is no JSON: {err}") from err


def _inputs(entries: list[Any], rest: memoryview) -> dict[str, Tensor]:
    inputs: dict[str, Tensor] = {}
    at = 0
    for entry in entries:
        if not isinstance(entry, dict):
            raise Refused(400, "an input has to be a JSON object")
        raw, size = None, _binary_size(entry)
        if size is not None:
            if at + size > len(rest):
                raise Refused(400, "the body is shorter than its inputs' binary_data_size")
            raw = bytes(rest[at : at + size])
            at += size
        tensor = read_tensor(entry, raw)
        if tensor.name in inputs:
            raise Refused(400, f"input '{tensor.name}' is there twice")
        inputs[tensor.name] = tensor
    if at != len(rest):
        raise Refused(400, "the body is longer than its inputs' binary_data_size")
    return inputs


def _binary_size(entry: dict[str, Any]) -> int | None:
    parameters = _parameters(entry)
    if "shared_memory_region" in parameters:
        raise Refused(400, "shared memory is not supported")
    size = parameters.get("binary_data_size")
    if size is None:
        return None
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise Refused(400, "binary_data_size has to be a number of bytes")
    return size


def _outputs(entries: object, is_binary: bool) -> dict[str, bool]:
    if entries is None:
        return {}
    if not isinstance(entries, list):
        raise Refused(400, "outputs has to be a list")
    wanted: dict[str, bool] = {}
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise Refused(400, "an output has no name")
        parameters = _parameters(entry)
        if "classification" in parameters or "shared_memory_region" in parameters:
            raise Refused(400, "classification and shared memory of outputs are not supported")
        wanted[entry["name"]] = parameters.get("binary_data", is_binary) is True
    return wanted


def _parameters(entry: dict[str, Any]) -> dict[str, Any]:
    parameters = entry.get("parameters")
    if parameters is None:
        return {}
    if not isinstance(parameters, dict):
        raise Refused(400, "parameters has to be a JSON object")
    return parameters
