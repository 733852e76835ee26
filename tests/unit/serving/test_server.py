from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telcoai.serving.http import Limits, request_bytes
from telcoai.serving.server import Connection, Request, Response, Server

QUICK = Limits(head_bytes=512, body_bytes=4096, head_s=0.2, body_s=0.2, idle_s=0.4, write_s=0.2, connections=3)


async def echo(request: Request) -> Response:
    await asyncio.sleep(0)
    if request.target == "/slow":
        await asyncio.sleep(0.3)
    if request.target == "/bug":
        raise ZeroDivisionError
    return Response(200, request.body or request.target.encode())


Talk = Callable[[int], Awaitable[bytes]]


def serve(talk: Talk, limits: Limits = QUICK) -> bytes:
    """Run ``talk`` against a server; nothing may be left of it afterwards."""

    async def run() -> bytes:
        loop, server = asyncio.get_running_loop(), Server(echo, limits)
        listener = await loop.create_server(functools.partial(Connection, server), "127.0.0.1", 0)
        server.add(listener)
        try:
            return await talk(listener.sockets[0].getsockname()[1])
        finally:
            await server.close(1)
            await asyncio.sleep(0.01)
            assert not server.connections
            assert asyncio.all_tasks() == {asyncio.current_task()}

    return asyncio.run(run())


def exchange(raw: bytes, limits: Limits = QUICK, end: bool = False) -> bytes:
    """All that the server answers to ``raw`` until it closes."""

    async def talk(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(raw)
        if end:
            writer.write_eof()
        try:
            return await asyncio.wait_for(reader.read(), 5)
        except ConnectionResetError:
            return b""
        finally:
            writer.close()

    return serve(talk, limits)


def get(target: str, **headers: str) -> bytes:
    return request_bytes("GET", target, dict(headers), b"")


def test_pipelined_requests_are_answered_in_order() -> None:
    answer = exchange(get("/slow") + get("/a") + get("/b", connection="close"))
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert answer.index(b"/slow") < answer.index(b"/a") < answer.index(b"/b")


def test_a_client_that_closed_its_side_still_gets_its_answer() -> None:
    assert exchange(get("/slow"), end=True).endswith(b"/slow")


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET / HT", b" 408 "),
        (b"POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nab", b" 408 "),
        (b"G" * 600, b" 431 "),
        (b"POST / HTTP/1.1\r\ncontent-length: 5000\r\n\r\n", b" 413 "),
        (b"nonsense\r\n\r\n", b" 400 "),
        (b"GET / HTTP/2.0\r\n\r\n", b" 400 "),
        (b"\x00\x01", b" 400 "),
    ],
)
def test_what_is_not_served_gets_its_status_and_an_end(raw: bytes, status: bytes) -> None:
    answer = exchange(raw)
    assert status in answer.partition(b"\r\n")[0]
    assert b'{"error":' in answer
    assert b"connection: close" in answer


def test_an_idle_connection_is_closed_without_a_word() -> None:
    assert exchange(b"") == b""


def test_leave_to_send_the_body_is_given() -> None:
    head = b"POST / HTTP/1.1\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: 2\r\n\r\n"

    async def talk(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head)
        leave = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"hi")
        answer = leave + await reader.read()
        writer.close()
        return answer

    answer = serve(talk)
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")
    assert answer.endswith(b"hi")


def test_http_1_0_closes_after_the_answer() -> None:
    assert b"connection: close" in exchange(b"GET /old HTTP/1.0\r\n\r\n")


def test_connections_above_the_cap_are_turned_away() -> None:
    async def talk(port: int) -> bytes:
        kept = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        await asyncio.sleep(0.05)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answer = await reader.read()
        for _, each in [*kept, (reader, writer)]:
            each.close()
        return answer

    assert serve(talk).startswith(b"HTTP/1.1 503 ")


def test_a_bug_in_the_handler_answers_500_and_the_server_goes_on() -> None:
    async def talk(port: int) -> bytes:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(get("/bug") + get("/after", connection="close"))
        answer = await reader.read()
        writer.close()
        return answer

    answer = serve(talk)
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert answer.endswith(b"/after")


def test_a_reader_too_slow_is_dropped_and_its_requests_are_not_hoarded() -> None:
    big = Limits(body_bytes=8 << 20, write_s=0.2)

    async def talk(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(request_bytes("POST", "/", {}, bytes(8 << 20)) * 2)
        await asyncio.sleep(1.5)
        writer.close()
        return b"" if reader.at_eof() else b"open"

    assert serve(talk, big) in (b"", b"open")


PIECES = st.one_of(
    st.binary(max_size=80),
    st.sampled_from([get("/a"), get("/b"), b"\r\n\r\n", b"POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc"]),
    st.sampled_from([b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES, max_size=6))
def test_nothing_that_is_sent_leaves_a_task_or_connection_behind(pieces: list[bytes]) -> None:
    limits = Limits(head_bytes=512, body_bytes=4096, head_s=0.05, body_s=0.05, idle_s=0.05)
    answer = exchange(b"".join(pieces), limits, end=True)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 ")
