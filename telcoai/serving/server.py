"""An HTTP/1.1 server on asyncio: keep-alive, pipelining, limits on size and time."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import cast

import orjson

from telcoai.serving.http import KIB, Limits, Message, Parser, response_bytes
from telcoai.serving.refusals import Malformed

START = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}) (\S+) HTTP/1\.([01])")
READ_AHEAD = 256 * KIB
SWEEP_S = 1.0


@dataclass(slots=True)
class Request:
    """A request as the handler gets it; ``received_ns`` (monotonic) is when its last byte was read."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    received_ns: int


@dataclass(slots=True)
class Response:
    """What the handler answers."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Coroutine[None, None, Response]]


def error_response(status: int, message: str) -> Response:
    """An error as the Open Inference Protocol writes it."""
    return Response(status, orjson.dumps({"error": message}), {"content-type": "application/json"})


class Server:
    """Connections of all listening sockets of a runtime, and the clock that times them out."""

    def __init__(self, handler: Handler, limits: Limits) -> None:
        self.handler = handler
        self.limits = limits
        self.connections: set[Connection] = set()
        self.tasks: set[asyncio.Task[Response]] = set()
        self.is_closing = False
        self._listeners: list[asyncio.Server] = []
        self._sweeper: asyncio.Task[None] | None = None

    def add(self, listener: asyncio.Server) -> None:
        """Take a listening socket's server under this one's care."""
        self._listeners.append(listener)
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().create_task(self._sweep())

    async def close(self, grace_s: float) -> None:
        """Take no more; let requests under way finish for ``grace_s``, then drop them."""
        self.is_closing = True
        for listener in self._listeners:
            listener.close()
        if self._sweeper is not None:
            self._sweeper.cancel()
        for connection in list(self.connections):
            connection.close_when_idle()
        deadline = time.monotonic() + grace_s
        while self.connections and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        for task in list(self.tasks):
            task.cancel()
        for connection in list(self.connections):
            connection.drop()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(SWEEP_S, self.limits.head_s / 4))
            now = time.monotonic()
            for connection in list(self.connections):
                connection.check_time(now)


class Connection(asyncio.Protocol):
    """One connection: answers its requests one after the other, in order."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._parser = Parser(server.limits)
        self._transport: asyncio.Transport | None = None
        self._is_busy = False
        self._is_last = False  # close after the answer under way
        self._is_write_paused = False
        self._is_read_paused = False
        self._has_continued = False
        self._waits_since = time.monotonic()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection in, or turn it away when there are too many."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's stream is none by name
        self._server.connections.add(self)
        if len(self._server.connections) > self._server.limits.connections:
            self._refuse(503, "too many connections")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Forget the connection; a request under way is served to its end, as a device would."""
        self._transport = None
        self._server.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes; start on the first request when idle."""
        parser = self._parser
        if not parser.held and not parser.in_body:
            self._waits_since = time.monotonic()
        parser.feed(data)
        if not self._is_busy and not self._is_write_paused:
            self._advance()
        elif parser.held > READ_AHEAD and self._transport is not None and not self._is_read_paused:
            self._is_read_paused = True
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """Keep the writing side for the answer under way, if there is one."""
        self._is_last = True
        return self._is_busy

    def pause_writing(self) -> None:
        """The other side reads slowly: start on no further request."""
        self._is_write_paused = True
        self._waits_since = time.monotonic()

    def resume_writing(self) -> None:
        """The other side has caught up."""
        self._is_write_paused = False
        if not self._is_busy:
            self._advance()
        self._read_on()

    def close_when_idle(self) -> None:
        """Close now, or after the answer under way."""
        self._is_last = True
        if not self._is_busy and self._transport is not None:
            self._transport.close()

    def drop(self) -> None:
        """Close without waiting for anything."""
        if self._transport is not None:
            self._transport.abort()

    def check_time(self, now: float) -> None:
        """Turn away the other side when it takes too long to send, or to read."""
        limits, waited = self._server.limits, now - self._waits_since
        if self._is_write_paused:
            if waited > limits.write_s:
                self.drop()
        elif self._is_busy:
            return
        elif self._parser.in_body:
            if waited > limits.body_s:
                self._refuse(408, "the body took too long")
        elif self._parser.held:
            if waited > limits.head_s:
                self._refuse(408, "the headers took too long")
        elif waited > limits.idle_s:
            self.close_when_idle()

    def _advance(self) -> None:
        """Start on the next whole request, if there is one."""
        if self._transport is None or self._is_write_paused or self._transport.is_closing():
            return
        try:
            message = self._parser.next()
            if message is not None:
                self._start(message)
            elif self._parser.expects_continue and not self._has_continued:
                self._has_continued = True
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        except Malformed as err:
            self._refuse(err.status, err.message)

    def _start(self, message: Message) -> None:
        match = START.fullmatch(message.start)
        if match is None:
            raise Malformed(400, "the request line is malformed")
        headers = message.headers
        connection = headers.get("connection", "").lower()
        if "close" in connection or (match[3] == "0" and "keep-alive" not in connection) or match[1] == "HEAD":
            self._is_last = True
        self._is_busy, self._has_continued = True, False
        request = Request(match[1], match[2], headers, message.body, time.monotonic_ns())
        task: asyncio.Task[Response] = asyncio.Task(self._server.handler(request))
        self._server.tasks.add(task)
        task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[Response]) -> None:
        self._server.tasks.discard(task)
        if task.cancelled():
            self.drop()
            return
        failure = task.exception()
        if failure is not None:
            context = {"message": "a request's handler failed", "exception": failure}
            asyncio.get_running_loop().call_exception_handler(context)
        self._reply(task.result() if failure is None else error_response(500, "internal error"))

    def _reply(self, response: Response) -> None:
        transport = self._transport
        self._is_busy = False
        if transport is None or transport.is_closing():
            return
        self._is_last = self._is_last or self._server.is_closing
        if self._is_last:
            response.headers["connection"] = "close"
        transport.write(response_bytes(response.status, response.headers, response.body))
        self._waits_since = time.monotonic()
        if self._is_last:
            transport.close()
            return
        if self._parser.held:
            self._advance()
        self._read_on()

    def _read_on(self) -> None:
        if self._is_read_paused and not self._is_busy and not self._is_write_paused and self._transport is not None:
            self._is_read_paused = False
            self._transport.resume_reading()

    def _refuse(self, status: int, message: str) -> None:
        self._is_last = True
        self._reply(error_response(status, message))
