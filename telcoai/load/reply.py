"""An HTTP/1.1 reply, read piece by piece as bytes arrive."""

from __future__ import annotations

MOST_HEAD_BYTES = 65536
_END = b"\r\n\r\n"


class BadReply(ValueError):
    """What came isn't an HTTP reply."""


class ReplyReader:
    """Collects one reply: ``status``, ``head`` (raw header lines) and ``body`` are set once ``feed`` says True."""

    __slots__ = ("_chunks", "_length", "_pending", "body", "head", "keep", "status")

    def __init__(self) -> None:
        self.status = 0
        self.head = b""
        self.body: bytes | bytearray = b""
        self.keep = True
        self._pending = b""
        self._length: int | None = None
        self._chunks: ChunkReader | None = None

    def feed(self, data: bytes) -> bool:
        """Take bytes; True when the reply is whole. BadReply when it can't become one."""
        if not self.status:
            data = self._pending + data
            end = data.find(_END)
            if end < 0:
                self._pending = data
                if len(data) > MOST_HEAD_BYTES:
                    raise BadReply(f"reply header of more than {MOST_HEAD_BYTES} bytes")
                return False
            head, data = data[:end], data[end + 4 :]
            if head[9:10] == b"1":  # an interim reply, such as 100 Continue: the real one follows
                self._pending = b""
                return self.feed(data)
            self._open(head)
        return self._take(data)

    def ends_at_close(self) -> bool:
        """The connection was closed; True when that completes the reply (one without a length)."""
        return bool(self.status) and self._length is None and self._chunks is None

    def _open(self, head: bytes) -> None:
        if head[:7] != b"HTTP/1." or not head[9:12].isdigit():
            raise BadReply(f"not an HTTP/1 reply: {head[:40]!r}")
        self.status = int(head[9:12])
        self.head = head
        lowered = head.lower()
        self.keep = b"\r\nconnection: close" not in lowered and head[7:8] == b"1"
        length = _value(lowered, head, b"content-length")
        if b"\r\ntransfer-encoding: chunked" in lowered:
            self._chunks, self._length = ChunkReader(), None
        elif self.status in (204, 304):
            self._length = 0
        elif length:
            self._length = _whole(length)
        else:
            self._length, self.keep = None, False

    def _take(self, data: bytes) -> bool:
        if self._chunks is not None:
            done = self._chunks.feed(data)
            self.body = self._chunks.body
            return done
        if len(data) == self._length and not self.body:
            self.body = data
            return True
        self.body = bytearray(self.body) if isinstance(self.body, bytes) else self.body
        self.body += data
        if self._length is not None and len(self.body) > self._length:
            raise BadReply("more bytes than content-length says")
        return len(self.body) == self._length


class ChunkReader:
    """Body in ``transfer-encoding: chunked``; trailers are skipped."""

    __slots__ = ("_buffer", "_last", "body")

    def __init__(self) -> None:
        self.body = bytearray()
        self._buffer = bytearray()
        self._last = False

    def feed(self, data: bytes) -> bool:
        """Take bytes; True when the last chunk and the trailers are through."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n")) >= 0:
            if self._last:
                del self._buffer[: end + 2]
                if end == 0:
                    return True
                continue
            size = _whole(bytes(self._buffer[:end]).split(b";")[0], 16)
            if size and len(self._buffer) < end + size + 4:
                return False
            self.body += self._buffer[end + 2 : end + 2 + size]
            del self._buffer[: end + 2 + (size + 2 if size else 0)]
            self._last = size == 0
        return False


def header(head: bytes, name: bytes) -> bytes:
    """The value of a header (``name`` in lower case) in raw header lines, b"" when it isn't there."""
    return _value(head.lower(), head, name)


def _value(lowered: bytes, head: bytes, name: bytes) -> bytes:
    at = lowered.find(b"\r\n" + name + b":")
    if at < 0:
        return b""
    begin = at + len(name) + 3
    end = head.find(b"\r\n", begin)
    return head[begin : end if end >= 0 else len(head)].strip()


def _whole(text: bytes, base: int = 10) -> int:
    try:
        number = int(text, base)
    except ValueError as err:
        raise BadReply(f"{text[:40]!r} isn't a length") from err
    if number < 0:
        raise BadReply(f"{number} isn't a length")
    return number
