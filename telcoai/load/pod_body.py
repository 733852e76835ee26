"""The body of a request to a driver pod, whole or in chunks as proxies may send it."""

from __future__ import annotations

import re
from email.message import Message
from io import BufferedIOBase

MOST_BYTES = 16 << 20
_LINE = 1024
_TOO_LARGE = f"a body has {MOST_BYTES} bytes at most"


class BodyRefused(Exception):
    """The body can't be had; ``status`` is HTTP's for that."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def read_body(headers: Message, stream: BufferedIOBase) -> bytes:
    """The body that follows the headers; BodyRefused when it is cut off, too large or makes no sense."""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return _chunks(stream)
    text = headers.get("content-length", "0").strip()
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise BodyRefused(400, "content-length is no number")
    return _exactly(stream, int(text))


def _chunks(stream: BufferedIOBase) -> bytes:
    body = b""
    while size := _size(stream):
        if len(body) + size > MOST_BYTES:
            raise BodyRefused(413, _TOO_LARGE)
        body += _exactly(stream, size)
        if _line(stream):
            raise BodyRefused(400, "a chunk is longer than it says")
    while _line(stream):
        pass
    return body


def _size(stream: BufferedIOBase) -> int:
    text = _line(stream).partition(b";")[0].strip()
    if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", text):
        raise BodyRefused(400, "a chunk does not say its size")
    return int(text, 16)


def _line(stream: BufferedIOBase) -> bytes:
    line = stream.readline(_LINE)
    if not line.endswith(b"\n"):
        raise BodyRefused(400, "the body is cut off")
    return line.rstrip(b"\r\n")


def _exactly(stream: BufferedIOBase, size: int) -> bytes:
    if size > MOST_BYTES:
        raise BodyRefused(413, _TOO_LARGE)
    body = stream.read(size)
    if len(body) < size:
        raise BodyRefused(400, "the body is cut off")
    return body
