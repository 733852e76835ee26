from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.serving.http import Limits, Message, Parser, request_bytes
from telcoai.serving.refusals import Malformed

SMALL = Limits(head_bytes=256, body_bytes=1000)


def parse(raw: bytes, cuts: list[int] | None = None, limits: Limits = SMALL) -> list[Message]:
    parser, messages = Parser(limits), []
    edges = sorted({0, len(raw), *(cut for cut in cuts or [] if cut < len(raw))})
    for start, end in itertools.pairwise(edges):
        parser.feed(raw[start:end])
        while (message := parser.next()) is not None:
            messages.append(message)
    return messages


def chunked(parts: list[bytes]) -> bytes:
    head = b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x;note\r\n%s\r\n" % (len(part), part) for part in parts if part) + b"0\r\nt: 1\r\n\r\n"


@given(st.lists(st.binary(max_size=60), max_size=5), st.lists(st.integers(0, 900)))
def test_messages_come_out_the_same_however_the_bytes_are_cut(bodies: list[bytes], cuts: list[int]) -> None:
    raw = b"".join(request_bytes("POST", "/x", {"host": "n"}, body) + chunked([body, b"end"]) for body in bodies)
    messages = parse(raw, cuts)
    assert [m.body for m in messages] == [each for body in bodies for each in (body, body + b"end")]
    assert sum(m.size for m in messages) == len(raw)


@given(st.binary(max_size=400), st.lists(st.integers(0, 400)))
def test_random_bytes_give_messages_or_a_refusal(raw: bytes, cuts: list[int]) -> None:
    with contextlib.suppress(Malformed):
        parse(raw, cuts)


def test_header_names_are_case_blind_and_repeated_ones_joined() -> None:
    (message,) = parse(b"GET / HTTP/1.1\r\nA: 1\r\na:  2 \r\n\r\n")
    assert message.headers == {"a": "1, 2"}
    assert message.start == "GET / HTTP/1.1"


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET / HTTP/1.1\r\na: " + b"x" * 300, 431),
        (b"GET / HTTP/1.1\r\na: " + b"x" * 300 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\ncontent-length: 1001\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n", 413),
        (b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ncontent-length: 1, 1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n", 400),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nxxx", 400),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n" + b"1" * 2000, 400),
        (b"GET / HTTP/1.1\r\n folded: 1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nhost: n\n\n", 400),
        (b"\x16\x03\x01\x02\x00", 400),
    ],
)
def test_what_is_no_http_or_too_much_is_refused(raw: bytes, status: int) -> None:
    with pytest.raises(Malformed) as refusal:
        parse(raw)
    assert refusal.value.status == status


def test_a_client_that_waits_for_leave_to_send_is_seen() -> None:
    parser = Parser(SMALL)
    parser.feed(b"POST / HTTP/1.1\r\nexpect: 100-Continue\r\ncontent-length: 2\r\n\r\n")
    assert parser.next() is None
    assert parser.expects_continue
    parser.feed(b"ok")
    message = parser.next()
    assert message is not None
    assert message.body == b"ok"
    assert not parser.expects_continue
