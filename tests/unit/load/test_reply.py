from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.load.answers import NO_ANSWER, read_answer, read_fallback, read_hops
from telcoai.load.reply import BadReply, ReplyReader, header
from telcoai.load.rows import Hop

pieces = st.lists(st.integers(1, 40), min_size=1, max_size=20)


def fed(whole: bytes, sizes: list[int]) -> ReplyReader:
    """Feed in pieces; only the last piece may complete the reply."""
    reader, at, turn = ReplyReader(), 0, 0
    while at < len(whole):
        piece = whole[at : at + sizes[turn % len(sizes)]]
        at, turn = at + len(piece), turn + 1
        assert reader.feed(piece) == (at >= len(whole))
    return reader


@given(st.binary(max_size=200), pieces, st.sampled_from([200, 404, 503]))
def test_a_reply_with_a_length_is_whole_however_it_is_cut(body: bytes, sizes: list[int], status: int) -> None:
    reader = fed(b"HTTP/1.1 %d Some words\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body), sizes)
    assert (reader.status, bytes(reader.body), reader.keep) == (status, body, True)


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=5), pieces)
def test_a_chunked_reply_is_whole_however_it_is_cut(chunks: list[bytes], sizes: list[int]) -> None:
    coded = b"".join(b"%x;note=1\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + coded + b"0\r\nX-After: 1\r\n\r\n"
    reader = fed(whole, sizes)
    assert bytes(reader.body) == b"".join(chunks)


@given(st.binary(max_size=300), pieces)
def test_noise_is_a_bad_reply_or_not_yet_one_but_nothing_else(noise: bytes, sizes: list[int]) -> None:
    reader = ReplyReader()
    try:
        assert reader.feed(b"HTTP/1.1 2" + noise) in (True, False)
        reader.feed(noise)
    except BadReply:
        return


def test_an_interim_reply_is_passed_over() -> None:
    reader = fed(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", [7])
    assert (reader.status, bytes(reader.body)) == (200, b"ok")


def test_a_reply_without_a_length_ends_with_the_connection() -> None:
    reader = ReplyReader()
    assert not reader.feed(b"HTTP/1.1 200 OK\r\n\r\nhal")
    assert not reader.feed(b"f")
    assert reader.ends_at_close()
    assert bytes(reader.body) == b"half"
    assert not reader.keep


def test_a_cut_reply_does_not_end_with_the_connection() -> None:
    reader = ReplyReader()
    assert not reader.feed(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhal")
    assert not reader.ends_at_close()


@pytest.mark.parametrize("head", ["HTTP/1.1 200 OK\r\nConnection: close", "HTTP/1.0 200 OK"])
def test_a_connection_is_kept_only_when_the_server_keeps_it(head: str) -> None:
    reader = ReplyReader()
    assert reader.feed(head.encode() + b"\r\ncontent-length: 0\r\n\r\n")
    assert not reader.keep


@pytest.mark.parametrize(
    "noise",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"x" * 70_000,
    ],
)
def test_what_is_not_http_is_refused(noise: bytes) -> None:
    with pytest.raises(BadReply):
        ReplyReader().feed(noise)


def test_headers_are_found_in_any_case() -> None:
    head = b"HTTP/1.1 200 OK\r\nTelcoai-Fallback: Edge-1\r\nx: y"
    assert header(head, b"telcoai-fallback") == b"Edge-1"
    assert header(head, b"x") == b"y"
    assert header(head, b"z") == b""
    assert read_fallback(head) == "Edge-1"


def test_hops_are_read_in_order() -> None:
    head = b"HTTP/1.1 200\r\ntelcoai-timing: camera-1 q=1 c=2 n=3 b=4 r=5 over=1, edge q=6 c=7 n=0 b=0 r=0 rep=1"
    assert read_hops(head) == (
        Hop("camera-1", 1, 2, 3, 4, 5, True, False, 2),
        Hop("edge", 6, 7, 0, 0, 0, False, True, 7),
    )


def test_a_hop_that_ran_in_a_batch_tells_its_share_of_the_core() -> None:
    (hop,) = read_hops(b"HTTP/1.1 200\r\ntelcoai-timing: edge q=1 c=20 n=0 b=0 r=0 s=5 rep=1")
    assert (hop.compute_ns, hop.core_ns, hop.replayed) == (20, 5, True)


@given(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=80))
def test_strange_timings_give_no_hops_or_some_but_no_error(text: str) -> None:
    read_hops(b"HTTP/1.1 200\r\ntelcoai-timing: " + text.encode("latin-1"))


def test_an_answer_is_read() -> None:
    body = (
        b'{"outputs":[{"name":"confidence","data":[0.5]},{"name":"prediction","data":[[7]]}],'
        b'"parameters":{"exit":1,"variant":"lite0","placement":"a,b,b"}}'
    )
    answer = read_answer(body)
    assert (answer.prediction, answer.exit, answer.variant, answer.placement) == (7, 1, "lite0", "a,b,b")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{}", b'{"outputs":[{}]}', b'{"outputs":[{"name":"prediction","data":[]}]}']
)
def test_a_strange_body_is_no_answer(body: bytes) -> None:
    assert read_answer(body) == NO_ANSWER
