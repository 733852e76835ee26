"""HTTP/1.1 messages in and out of bytes; no input or output, for the server and the client alike."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus

from telcoai.serving.refusals import Malformed

KIB, MIB = 1024, 1024 * 1024
HEADERS = re.compile(r"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\r\n\x00]*\r\n)*")
CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?")
LENGTH = re.compile(r"[0-9]{1,15}")
CHUNK_LINE = 1 * KIB
PHRASES = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of what is taken from the other side: ``head_s``, ``body_s``, ``idle_s`` and ``write_s`` in seconds."""

    head_bytes: int = 16 * KIB
    body_bytes: int = 32 * MIB
    head_s: float = 10.0
    body_s: float = 30.0
    idle_s: float = 120.0
    write_s: float = 30.0
    connections: int = 4096


@dataclass(slots=True)
class Message:
    """One message: ``start`` is its first line, header names are in lower case, ``size`` counts all its bytes."""

    start: str
    headers: dict[str, str]
    body: bytes
    size: int


class Parser:
    """Cuts a stream of bytes into messages. After ``Malformed`` it must not be used again."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buffer = bytearray()
        self._message: Message | None = None
        self._length = 0
        self._chunks: _Chunks | None = None

    def feed(self, data: bytes) -> None:
        """Add bytes that came."""
        self._buffer += data

    @property
    def held(self) -> int:
        """Bytes that are not part of a message given out yet."""
        return len(self._buffer)

    @property
    def in_body(self) -> bool:
        """Whether a head is complete and its body is not."""
        return self._message is not None

    @property
    def expects_continue(self) -> bool:
        """Whether the other side waits for leave to send the body."""
        message = self._message
        return message is not None and message.headers.get("expect", "").lower() == "100-continue"

    def next(self) -> Message | None:
        """The next whole message, or None until more bytes come; raises Malformed."""
        if self._message is None and not self._take_head():
            return None
        return self._take_chunked() if self._chunks else self._take_sized()

    def _take_head(self) -> bool:
        buffer = self._buffer
        while buffer.startswith(b"\r\n"):
            del buffer[:2]
        end = buffer.find(b"\r\n\r\n", 0, self._limits.head_bytes + 4)
        if end < 0:
            self._check_unfinished_head()
            return False
        start, _, lines = buffer[: end + 2].decode("latin-1").partition("\r\n")
        del buffer[: end + 4]
        headers = parse_headers(lines)
        self._message = Message(start, headers, b"", end + 4)
        self._length = self._body_length(headers)
        return True

    def _check_unfinished_head(self) -> None:
        if len(self._buffer) > self._limits.head_bytes:
            raise Malformed(431, f"headers are longer than {self._limits.head_bytes} bytes")
        line, found, _ = self._buffer.partition(b"\n")
        if found and not line.endswith(b"\r"):
            raise Malformed(400, "lines have to end with CR LF")
        if line and not line[:1].isalpha():
            raise Malformed(400, "not an HTTP message")

    def _body_length(self, headers: dict[str, str]) -> int:
        coding, length = headers.get("transfer-encoding"), headers.get("content-length")
        if coding is not None:
            if coding.lower() != "chunked" or length is not None:
                raise Malformed(400, "transfer-encoding has to be chunked, without content-length")
            self._chunks = _Chunks(self._limits)
            return 0
        if length is None:
            return 0
        if not LENGTH.fullmatch(length):
            raise Malformed(400, "content-length has to be one whole number")
        if int(length) > self._limits.body_bytes:
            raise Malformed(413, f"the body is larger than {self._limits.body_bytes} bytes")
        return int(length)

    def _take_sized(self) -> Message | None:
        length = self._length
        if len(self._buffer) < length:
            return None
        if not length:
            return self._give(b"", 0)
        with memoryview(self._buffer) as view:
            body = bytes(view[:length])
        del self._buffer[:length]
        return self._give(body, length)

    def _take_chunked(self) -> Message | None:
        chunks = self._chunks
        if chunks is None or not chunks.take(self._buffer):
            return None
        self._chunks = None
        return self._give(bytes(chunks.body), chunks.size)

    def _give(self, body: bytes, size: int) -> Message | None:
        message, self._message = self._message, None
        if message is not None:
            message.body = body
            message.size += size
        return message


class _Chunks:
    """A chunked body under way."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.body = bytearray()
        self.size = 0
        self._left = -1  # bytes of the present chunk; -1 while its size line is awaited
        self._in_trailer = False

    def take(self, buffer: bytearray) -> bool:
        """Take what can be taken from the buffer's start; whether the body is complete."""
        while self._take_data(buffer) if self._left >= 0 else self._take_line(buffer):
            if self._in_trailer and self._left < -1:
                return True
        return False

    def _take_data(self, buffer: bytearray) -> bool:
        if len(buffer) < self._left + 2:
            return False
        if buffer[self._left : self._left + 2] != b"\r\n":
            raise Malformed(400, "a chunk is longer than its size says")
        self.body += buffer[: self._left]
        self._drop(buffer, self._left + 2)
        self._left = -1
        return True

    def _take_line(self, buffer: bytearray) -> bool:
        end = buffer.find(b"\r\n", 0, CHUNK_LINE)
        if end < 0:
            if len(buffer) >= CHUNK_LINE:
                raise Malformed(400, "a line in a chunked body is too long")
            return False
        line = bytes(buffer[:end])
        self._drop(buffer, end + 2)
        if self._in_trailer:
            self._left = -2 if not line else -1
        else:
            self._start_chunk(line)
        return True

    def _start_chunk(self, line: bytes) -> None:
        match = CHUNK_SIZE.fullmatch(line)
        if match is None:
            raise Malformed(400, "a chunk has no valid size")
        size = int(match[1], 16)
        if len(self.body) + size > self._limits.body_bytes:
            raise Malformed(413, f"the body is larger than {self._limits.body_bytes} bytes")
        self._in_trailer = size == 0
        self._left = size or -1

    def _drop(self, buffer: bytearray, count: int) -> None:
        del buffer[:count]
        self.size += count
        if self._in_trailer and self.size > self._limits.body_bytes * 2:
            raise Malformed(431, "trailers are too long")


def parse_headers(lines: str) -> dict[str, str]:
    """Header lines (each with CR LF) as a dict, names in lower case, repeated ones joined by a comma."""
    if not HEADERS.fullmatch(lines):
        raise Malformed(400, "a header line is malformed")
    headers: dict[str, str] = {}
    for line in lines.split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def response_bytes(status: int, headers: dict[str, str], body: bytes) -> bytes:
    """A response, with its content-length."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    phrase = PHRASES.get(status, "")
    return f"HTTP/1.1 {status} {phrase}\r\n{lines}content-length: {len(body)}\r\n\r\n".encode("latin-1") + body


def request_bytes(method: str, target: str, headers: dict[str, str], body: bytes) -> bytes:
    """A request, with its content-length."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    return f"{method} {target} HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n".encode("latin-1") + body
