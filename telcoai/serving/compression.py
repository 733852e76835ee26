"""Compressed bodies: gzip and deflate, both ways."""

from __future__ import annotations

import gzip
import zlib

from telcoai.serving.refusals import Refused

WINDOW = {"gzip": 31, "x-gzip": 31, "deflate": 15}
LEVEL = 1
"""Fast: replies are small, and the node's own time is what is measured."""
WORTH_BYTES = 128


def decompress(body: bytes, coding: str, limit: int) -> bytes:
    """The body as it was; Refused when it is damaged, of an unknown coding, or larger than ``limit`` bytes."""
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return body
    if coding not in WINDOW:
        raise Refused(415, f"unknown content-encoding {coding!r}; known are gzip and deflate")
    stream = zlib.decompressobj(WINDOW[coding])
    try:
        whole = stream.decompress(body, limit + 1)
    except zlib.error as err:
        raise Refused(400, f"the body is not valid {coding}") from err
    if len(whole) > limit:
        raise Refused(413, f"the body is larger than {limit} bytes when decompressed")
    if not stream.eof or stream.unused_data:
        raise Refused(400, f"the body is not one whole {coding} stream")
    return whole


def compress(body: bytes, accepted: str) -> tuple[bytes, str]:
    """The body in the first coding of an Accept-Encoding header that is known, and its name ("" for none)."""
    if len(body) < WORTH_BYTES:
        return body, ""
    for entry in accepted.lower().split(","):
        coding, _, weight = entry.partition(";")
        if weight.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000"):
            continue
        if coding.strip() == "gzip":
            return gzip.compress(body, LEVEL, mtime=0), "gzip"
        if coding.strip() == "deflate":
            return zlib.compress(body, LEVEL), "deflate"
    return body, ""
