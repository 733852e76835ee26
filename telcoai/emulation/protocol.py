"""What the supervisor and its clients say to each other: one JSON object a line over a Unix stream socket.

A request has ``op`` and that operation's fields; its reply is an object, with ``error`` when it was refused. Every
reply carries ``version``. ``exec`` sends the client's three standard descriptors along with its line (SCM_RIGHTS).
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from telcoai.model.topology import LinkState

VERSION = 1
MAX_LINE_BYTES = 4 * 1024 * 1024


class ProtocolError(ValueError):
    """A message that isn't what it should be."""


class LineReader:
    """Cuts a byte stream into JSON objects."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The objects completed by ``data``. ProtocolError on anything else, or on a line too long."""
        self._buffer += data
        if b"\n" not in data:
            if len(self._buffer) > MAX_LINE_BYTES:
                raise ProtocolError(f"a message is longer than {MAX_LINE_BYTES} bytes")
            return []
        *lines, rest = bytes(self._buffer).split(b"\n")
        self._buffer = bytearray(rest)
        return [decode(line) for line in lines if line.strip()]


def encode(message: dict[str, Any]) -> bytes:
    """One line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """The object on a line."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as err:
        raise ProtocolError(f"not JSON: {err}") from err
    if not isinstance(message, dict):
        raise ProtocolError("a message must be an object")
    return message


def text(request: dict[str, Any], key: str, default: str | None = None) -> str:
    """A string field without NUL."""
    value = request.get(key, default)
    if not isinstance(value, str) or "\0" in value:
        raise ProtocolError(f"{key} must be a string")
    return value


def number(request: dict[str, Any], key: str) -> int:
    """An integer field."""
    value = request.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ProtocolError(f"{key} must be an integer")
    return value


def texts(request: dict[str, Any], key: str) -> list[str]:
    """A list of at least one string."""
    value = request.get(key)
    if not isinstance(value, list) or not value:
        raise ProtocolError(f"{key} must be a list of strings")
    if not all(isinstance(item, str) and "\0" not in item for item in value):
        raise ProtocolError(f"{key} must be a list of strings")
    return value


def environment(request: dict[str, Any]) -> dict[str, str]:
    """The field ``env``: names to values."""
    value = request.get("env", {})
    if not isinstance(value, dict):
        raise ProtocolError("env must be an object")
    for name, setting in value.items():
        if not isinstance(setting, str) or not name or "=" in name or "\0" in name + setting:
            raise ProtocolError(f"env has a bad entry {name!r}")
    return value


def link_state(raw: object) -> LinkState:
    """A LinkState from its fields as an object."""
    if not isinstance(raw, dict) or not all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in raw.values()
    ):
        raise ProtocolError("state must be an object of numbers")
    try:
        return LinkState(**raw)
    except TypeError as err:
        raise ProtocolError(f"state: {err}") from err


def plain_state(state: LinkState) -> dict[str, Any]:
    """The inverse of ``link_state``."""
    return asdict(state)
