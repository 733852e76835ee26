from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.serving.compression import compress, decompress
from telcoai.serving.refusals import Refused


@given(st.binary(min_size=128, max_size=2000), st.sampled_from(["gzip", "deflate"]))
def test_bodies_survive(body: bytes, coding: str) -> None:
    packed, used = compress(body, f"br, {coding};q=0.5")
    assert used == coding
    assert decompress(packed, coding, 2000) == body


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate"]))
def test_random_bytes_are_refused(body: bytes, coding: str) -> None:
    with pytest.raises(Refused):
        decompress(body, coding, 1000)


@pytest.mark.parametrize(("pack", "coding"), [(gzip.compress, "gzip"), (zlib.compress, "deflate")])
def test_a_small_body_may_not_grow_without_bound(pack: type, coding: str) -> None:
    with pytest.raises(Refused) as refusal:
        decompress(pack(bytes(10_000_000)), coding, 1000)
    assert refusal.value.status == 413
    with pytest.raises(Refused, match="one whole"):
        decompress(pack(b"abc" * 9)[:-2], coding, 1000)


def test_codings_that_are_unknown_or_not_wanted_are_not_used() -> None:
    with pytest.raises(Refused) as refusal:
        decompress(b"x", "br", 1000)
    assert refusal.value.status == 415
    assert compress(bytes(500), "br, gzip;q=0") == (bytes(500), "")
    assert compress(b"short", "gzip") == (b"short", "")
