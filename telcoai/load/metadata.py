"""What a server says of itself and its model before it is driven."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from telcoai.errors import InputError, TestbedError
from telcoai.load.endpoint import resolve

_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class InputForm:
    """One input that a model takes; -1 in ``shape`` is an open size."""

    name: str
    datatype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ModelForm:
    """A model's inputs, and whether its server takes raw tensors."""

    inputs: tuple[InputForm, ...]
    binary: bool


def read_model(url: str, model: str) -> ModelForm:
    """Ask ``GET /v2`` and ``GET /v2/models/MODEL``.

    Inputs that the server calls ``optional`` are left out. InputError when the server knows no such model,
    TestbedError when it doesn't answer or not as the protocol says.
    """
    server = _get(url, "/v2")
    found = _get(url, model_path(model))
    try:
        inputs = tuple(
            InputForm(str(one["name"]), str(one["datatype"]), tuple(int(size) for size in one["shape"]))
            for one in found["inputs"]
            if not one.get("optional")
        )
    except (KeyError, TypeError, ValueError, AttributeError) as err:
        raise TestbedError(f"{url}: the metadata of {model} isn't as the protocol says: {err!r}") from err
    extensions = server.get("extensions")
    return ModelForm(inputs, isinstance(extensions, list) and "binary_tensor_data" in extensions)


def model_path(model: str) -> str:
    """The path of a model, whose name may hold any character."""
    return f"/v2/models/{quote(model, safe='')}"


def try_once(url: str, model: str, headers: Mapping[str, str], body: bytes) -> None:
    """Send one inference request; InputError with the server's words when it is refused as wrong (4xx)."""
    path = f"{model_path(model)}/infer"
    status, raw = _ask(url, "POST", path, dict(headers), body)
    if 400 <= status < 500:
        text = raw[:500].decode(errors="replace")
        raise InputError(f"POST {path}: {status} {text}", "give inputs that the model takes in a file")


def _ask(url: str, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> tuple[int, bytes]:
    endpoint = resolve(url)
    connection = http.client.HTTPConnection(*endpoint.address, timeout=_TIMEOUT_S)
    try:
        connection.request(method, endpoint.path + path, body, {"host": endpoint.host, **headers})
        reply = connection.getresponse()
        return reply.status, reply.read()
    except (OSError, http.client.HTTPException) as err:
        raise TestbedError(f"{method} {path} at {endpoint.host}: {str(err) or type(err).__name__}") from err
    finally:
        connection.close()


def _get(url: str, path: str) -> Mapping[str, Any]:
    status, raw = _ask(url, "GET", path, {})
    if status in (400, 404):
        raise InputError(f"GET {path}: {status} {raw[:200].decode(errors='replace')}", "check the model's name")
    try:
        content = json.loads(raw) if status == 200 else None
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise TestbedError(f"GET {path} at {url}: {status} {raw[:200].decode(errors='replace')}")
    return content
