"""Frames as JPEG: what is taken, and that nothing else does harm."""

from __future__ import annotations

import contextlib
import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from telcoai.model.jpeg import decode, encode, most_bytes


def smooth(size: int) -> np.ndarray:
    ramp = np.linspace(0, 255, size, dtype=np.float32)
    return np.stack(
        [np.add.outer(ramp, ramp) / 2, np.add.outer(ramp, 0 * ramp), ramp[None, :] + 0 * ramp[:, None]], 2
    ).astype(np.uint8)


def picture(size: int, kind: str = "JPEG", mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(smooth(size)).convert(mode).save(out, kind, **options)
    return out.getvalue()


GOOD = encode(smooth(32))


def test_a_smooth_frame_gets_smaller_and_comes_back_nearly_the_same():
    raw = encode(smooth(96))
    assert len(raw) < 96 * 96 * 3 / 5
    back = decode(raw, 96)
    assert (back.shape, back.dtype) == ((96, 96, 3), np.uint8)
    assert np.abs(back.astype(int) - smooth(96)).mean() < 3


def test_colours_have_half_the_resolution():
    with Image.open(io.BytesIO(GOOD)) as image:
        assert [(layer[1], layer[2]) for layer in image.layer] == [(2, 2), (1, 1), (1, 1)]


def test_noise_stays_within_the_limit():
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    assert decode(encode(noise), 64).shape == (64, 64, 3)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "no usable JPEG"),
        (b"\xff\xd8\xff", "no usable JPEG"),
        (b"not a picture at all", "no usable JPEG"),
        (GOOD[: len(GOOD) // 2], "no usable JPEG"),
        (picture(32, "PNG"), "no usable JPEG"),
        (picture(16), "16 × 16 pixels"),
        (picture(32, mode="L"), r"\(L\)"),
        (picture(32, mode="CMYK"), r"\(CMYK\)"),
        (picture(32, progressive=True), "progressive"),
        (bytes(most_bytes(32) + 1), "too large"),
    ],
)
def test_anything_else_is_refused(raw: bytes, said: str):
    with pytest.raises(ValueError, match=said):
        decode(raw, 32)


@pytest.mark.parametrize("side", [10_000, 65_535])
def test_a_header_that_promises_gigabytes_is_refused_unread(side: int):
    at = GOOD.index(b"\xff\xc0") + 5
    with pytest.raises(ValueError, match=f"{side} × {side} pixels"):
        decode(GOOD[:at] + struct.pack(">HH", side, side) + GOOD[at + 4 :], 32)


def test_broken_bytes_give_a_frame_or_a_refusal():
    random = np.random.default_rng(5)
    for _ in range(3000):
        raw = bytearray(GOOD)
        for at in random.integers(0, len(raw), random.integers(1, 12)):
            raw[at] = random.integers(0, 256)
        _frame_or_refusal(bytes(raw))


@given(st.binary(max_size=400), st.integers(0, len(GOOD)))
def test_strange_bytes_inside_give_a_frame_or_a_refusal(extra: bytes, at: int):
    _frame_or_refusal(GOOD[:at] + extra + GOOD[at:])


def _frame_or_refusal(raw: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert decode(raw, 32).shape == (32, 32, 3)
