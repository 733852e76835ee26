"""How a frame travels as JPEG: what a camera's image processor makes of it, and what comes out at the other end."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

QUALITY = 90
"""Of the encoder's scale to 100; colours at half the resolution each way (4:2:0)."""

MOST_HEADER_BYTES = 16 * 1024
"""Tables and markers of a JPEG, on top of what its pixels can need."""


def most_bytes(size: int) -> int:
    """The largest JPEG that is taken for a frame of ``size`` × ``size`` pixels: no larger than the raw frame, with
    markers."""
    return 3 * size * size + MOST_HEADER_BYTES


def encode(frame: NDArray[np.uint8]) -> bytes:
    """A frame (h × w × 3 uint8) as a baseline JPEG of quality 90, 4:2:0."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(frame).save(out, "JPEG", quality=QUALITY, subsampling="4:2:0")
    return out.getvalue()


def decode(raw: bytes, size: int) -> NDArray[np.uint8]:
    """The frame (size × size × 3 uint8) of a baseline colour JPEG; ValueError for anything else.

    Nothing is decoded before the size that its header gives is known to be the right one, so that a few bytes can't
    ask for gigabytes; progressive ones are refused, since each of their many scans goes over the whole frame.
    """
    from PIL.JpegImagePlugin import JpegImageFile

    if len(raw) > most_bytes(size):
        raise ValueError(f"a JPEG of {len(raw)} bytes is too large for {size} × {size} pixels")
    try:
        image = JpegImageFile(io.BytesIO(raw))
        if image.size != (size, size) or image.mode != "RGB":
            wide, high = image.size
            raise ValueError(f"the JPEG is {wide} × {high} pixels ({image.mode}), not {size} × {size} (RGB)")
        if "progressive" in image.info:
            raise ValueError("the JPEG is progressive; only baseline is taken")
        frame: NDArray[np.uint8] = np.asarray(image)
    except (OSError, SyntaxError, EOFError) as err:
        raise ValueError(f"no usable JPEG: {err}") from err
    return frame
