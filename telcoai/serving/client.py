"""HTTP to the next hop over kept-alive connections."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from typing import cast

from telcoai.serving.http import Limits, Message, Parser, request_bytes
from telcoai.serving.refusals import Malformed

Address = tuple[str, int]
IDLE_CONNECTIONS = 64
DEAD_AFTER_S = 2
"""A hop that acknowledges nothing for so long is dead, however long its answers may take while it lives."""


class HopDead(Exception):
    """The hop refused, closed or did not answer in time; the text says which. ``sent``: bytes that went out."""

    def __init__(self, text: str, sent: int = 0) -> None:
        super().__init__(text)
        self.sent = sent


class NotConnected(OSError):
    """No connection could be made, so nothing went out."""


class Pool:
    """Connections to other nodes, kept for the next request."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._idle: dict[Address, deque[_Connection]] = {}

    async def post(
        self, address: Address, target: str, headers: dict[str, str], body: bytes, timeout_s: float
    ) -> tuple[Message, int]:
        """Send a request; returns the reply and the bytes sent. HopDead when none comes within ``timeout_s``.

        A kept connection that the other side has closed meanwhile is replaced by a fresh one, once.
        """
        raw = request_bytes("POST", target, headers, body)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._exchange(address, raw), len(raw)
        except NotConnected as err:
            raise HopDead(str(err.strerror)) from err
        except TimeoutError as err:
            raise HopDead("no answer in time", len(raw)) from err
        except OSError as err:
            raise HopDead(err.strerror or type(err).__name__, len(raw)) from err
        except Malformed as err:
            raise HopDead(f"its answer is no HTTP: {err.message}", len(raw)) from err

    def close(self) -> None:
        """Close the idle connections."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    async def _exchange(self, address: Address, raw: bytes) -> Message:
        kept = self._take(address)
        if kept is not None:
            try:
                return await self._ask(address, kept, raw)
            except ConnectionResetError:
                if kept.has_answered:
                    raise
        return await self._ask(address, await self._connect(address), raw)

    async def _ask(self, address: Address, connection: _Connection, raw: bytes) -> Message:
        try:
            reply = await connection.ask(raw)
        except BaseException:
            connection.close()
            raise
        self._keep(address, connection, reply)
        return reply

    def _take(self, address: Address) -> _Connection | None:
        idle = self._idle.get(address)
        while idle:
            connection = idle.pop()
            if connection.is_open:
                return connection
        return None

    def _keep(self, address: Address, connection: _Connection, reply: Message) -> None:
        idle = self._idle.setdefault(address, deque())
        if reply.headers.get("connection", "").lower() == "close" or len(idle) >= IDLE_CONNECTIONS:
            connection.close()
        else:
            idle.append(connection)

    async def _connect(self, address: Address) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(DEAD_AFTER_S):
                transport, connection = await loop.create_connection(lambda: _Connection(self._limits), *address)
        except TimeoutError as err:
            raise NotConnected(0, "no answer in time") from err
        except OSError as err:
            raise NotConnected(0, err.strerror or type(err).__name__) from err
        _notice_death(transport.get_extra_info("socket"))
        return connection


def _notice_death(sock: socket.socket) -> None:
    """Let the kernel break a connection whose other end has crashed: it sends nothing, not even a reset."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_AFTER_S * 1000)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, DEAD_AFTER_S)


class _Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, limits: Limits) -> None:
        self._parser = Parser(limits)
        self._transport: asyncio.Transport | None = None
        self._reply: asyncio.Future[Message] | None = None
        self.has_answered = False

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's stream is none by name

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._transport = None
        self._fail(ConnectionResetError(0, "closed the connection"))

    def data_received(self, data: bytes) -> None:
        if self._reply is None:  # nothing was asked: what comes can't belong to any request
            self.close()
            return
        self.has_answered = True
        self._parser.feed(data)
        try:
            message = self._parser.next()
        except Malformed as err:
            self._fail(err)
            return
        if message is not None and not self._reply.done():
            self._reply.set_result(message)

    async def ask(self, raw: bytes) -> Message:
        if self._transport is None:
            raise ConnectionResetError(0, "closed the connection")
        self._reply = asyncio.get_running_loop().create_future()
        self.has_answered = False
        self._transport.write(raw)
        try:
            return await self._reply
        finally:
            self._reply = None

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _fail(self, err: Exception) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(err)
