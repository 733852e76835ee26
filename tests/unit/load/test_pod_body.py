from __future__ import annotations

import io
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.load.pod_body import MOST_BYTES, BodyRefused, read_body


def _headers(**values: str) -> Message:
    message = Message()
    for name, value in values.items():
        message[name.replace("_", "-")] = value
    return message


@given(st.binary(max_size=200))
def test_a_body_of_known_length_is_read_and_no_more(body: bytes) -> None:
    stream = io.BytesIO(body + b"next")
    assert read_body(_headers(content_length=str(len(body))), stream) == body
    assert stream.read() == b"next"


@given(st.lists(st.binary(min_size=1, max_size=50)))
def test_chunks_are_put_together_and_no_more_is_read(chunks: list[bytes]) -> None:
    raw = b"".join(b"%x;note\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\ntrailer: 1\r\n\r\n"
    stream = io.BytesIO(raw + b"next")
    assert read_body(_headers(transfer_encoding="chunked"), stream) == b"".join(chunks)
    assert stream.read() == b"next"


def test_no_length_is_no_body() -> None:
    assert read_body(_headers(), io.BytesIO(b"next")) == b""


@pytest.mark.parametrize(
    ("headers", "raw", "status"),
    [
        ({"content_length": "-1"}, b"", 400),
        ({"content_length": "x"}, b"", 400),
        ({"content_length": "5"}, b"1234", 400),
        ({"content_length": str(MOST_BYTES + 1)}, b"", 413),
        ({"transfer_encoding": "chunked"}, b"", 400),
        ({"transfer_encoding": "chunked"}, b"z\r\n", 400),
        ({"transfer_encoding": "chunked"}, b"5\r\n1234", 400),
        ({"transfer_encoding": "chunked"}, b"2\r\n1234\r\n0\r\n\r\n", 400),
        ({"transfer_encoding": "chunked"}, b"ffffffff\r\n", 413),
        ({"transfer_encoding": "chunked"}, b"1" * 3000, 400),
    ],
)
def test_nonsense_is_refused(headers: dict[str, str], raw: bytes, status: int) -> None:
    with pytest.raises(BodyRefused) as caught:
        read_body(_headers(**headers), io.BytesIO(raw))
    assert caught.value.status == status
