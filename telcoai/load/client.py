"""An HTTP/1.1 client for drivers: keep-alive connections, opened as they are needed, one request each at a time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic_ns
from typing import cast

from telcoai.load.endpoint import Endpoint
from telcoai.load.reply import BadReply, ReplyReader

REFUSED = "refused"


class Exchange:
    """One request and what became of it; times are CLOCK_MONOTONIC ns, -1 for never.

    ``status`` is "" while under way, then the HTTP status, or a word: ``refused`` when no whole reply came because the
    connection couldn't be made, broke, or didn't speak HTTP.
    """

    __slots__ = (
        "body",
        "connection",
        "done_ns",
        "first_ns",
        "head",
        "index",
        "payload",
        "scheduled_ns",
        "sent_ns",
        "status",
    )

    def __init__(self, index: int, scheduled_ns: int, payload: bytes) -> None:
        self.index = index
        self.scheduled_ns = scheduled_ns
        self.payload = payload
        self.sent_ns = self.first_ns = self.done_ns = -1
        self.status = ""
        self.head: bytes = b""
        self.body: bytes | bytearray = b""
        self.connection: Connection | None = None


class Client:
    """A pool of at most ``limit`` connections. ``ended`` is called once for each exchange that ends by itself."""

    def __init__(self, endpoint: Endpoint, ended: Callable[[Exchange], None], limit: int) -> None:
        self._endpoint = endpoint
        self._ended = ended
        self._limit = limit
        self._idle: list[Connection] = []
        self._all: set[Connection] = set()
        self._waiting: OrderedDict[int, Exchange] = OrderedDict()
        self._opening: set[asyncio.Task[None]] = set()

    def send(self, exchange: Exchange) -> None:
        """Send at once on an idle connection, or as soon as one is free or newly open."""
        if self._idle:
            self._idle.pop().start(exchange)
        else:
            self._waiting[exchange.index] = exchange
            self._grow(len(self._waiting))

    def open_ahead(self, count: int) -> None:
        """Begin to open ``count`` connections, so that the first requests needn't wait for theirs."""
        self._grow(count)

    def drop(self, exchange: Exchange) -> None:
        """Forget an exchange that its owner has ended; its connection is closed, a late reply is lost."""
        self._waiting.pop(exchange.index, None)
        connection = exchange.connection
        if connection is not None:
            exchange.connection = connection.exchange = None
            connection.abort()

    def close(self) -> None:
        """Close every connection. Exchanges still under way are not reported."""
        for task in self._opening:
            task.cancel()
        for connection in tuple(self._all):
            connection.exchange = None
            connection.abort()

    def joined(self, connection: Connection) -> None:
        """A connection is open."""
        self._all.add(connection)
        self.freed(connection)

    def freed(self, connection: Connection) -> None:
        """A connection can take a request."""
        if self._waiting:
            connection.start(self._waiting.popitem(last=False)[1])
        else:
            self._idle.append(connection)

    def retire(self, connection: Connection) -> None:
        """A connection takes no more requests."""
        if connection in self._idle:
            self._idle.remove(connection)

    def lost(self, connection: Connection) -> None:
        """A connection is closed."""
        self.retire(connection)
        self._all.discard(connection)
        self._grow(len(self._waiting))

    def end(self, exchange: Exchange, status: str) -> None:
        """Report an exchange."""
        exchange.status = status
        exchange.connection = None
        self._ended(exchange)

    def _grow(self, wanted: int) -> None:
        room = self._limit - len(self._all) - len(self._opening)
        for _ in range(min(wanted - len(self._opening), room)):
            task = asyncio.get_running_loop().create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self) -> None:
        """Open one connection; when that fails, the request that waits longest is refused."""
        loop = asyncio.get_running_loop()
        try:
            sock = self._endpoint.open_socket()
            try:
                await loop.sock_connect(sock, self._endpoint.address)
            except BaseException:
                sock.close()
                raise
            await loop.create_connection(lambda: Connection(self), sock=sock)
        except OSError:
            if self._waiting:
                self.end(self._waiting.popitem(last=False)[1], REFUSED)


class Connection(asyncio.Protocol):
    """One keep-alive connection."""

    __slots__ = ("_client", "_reader", "_transport", "exchange")

    def __init__(self, client: Client) -> None:
        self._client = client
        self._transport: asyncio.Transport | None = None
        self._reader = ReplyReader()
        self.exchange: Exchange | None = None

    def start(self, exchange: Exchange) -> None:
        """Send an exchange's request."""
        assert self._transport is not None
        self.exchange = exchange
        exchange.connection = self
        self._reader = ReplyReader()
        exchange.sent_ns = monotonic_ns()
        self._transport.write(exchange.payload)

    def abort(self) -> None:
        """Close at once, and take no request any more."""
        self._client.retire(self)
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Join the pool."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's isn't a subclass of it
        self._client.joined(self)

    def data_received(self, data: bytes) -> None:
        """Take a piece of the reply."""
        now_ns = monotonic_ns()
        exchange, reader = self.exchange, self._reader
        if exchange is None:
            self.abort()
            return
        if exchange.first_ns < 0:
            exchange.first_ns = now_ns
        try:
            whole = reader.feed(data)
        except BadReply:
            self.exchange = None
            self.abort()
            self._client.end(exchange, REFUSED)
            return
        if whole:
            self._finish(exchange, now_ns)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave the pool; a request under way is over, unless closing is how its reply ends."""
        exchange = self.exchange
        self._client.lost(self)
        if exchange is None:
            return
        if exc is None and self._reader.ends_at_close():
            self._finish(exchange, monotonic_ns())
        else:
            self._client.end(exchange, REFUSED)

    def _finish(self, exchange: Exchange, now_ns: int) -> None:
        """Hand the reply over; the connection goes first, so that what waits is sent before the reply is read."""
        reader, self.exchange = self._reader, None
        exchange.done_ns, exchange.head, exchange.body = now_ns, reader.head, reader.body
        if reader.keep:
            self._client.freed(self)
        else:
            self.abort()
        self._client.end(exchange, str(reader.status))
