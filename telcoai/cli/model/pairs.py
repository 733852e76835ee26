"""Options written as NAME=VALUE."""

from __future__ import annotations

import math
from collections.abc import Sequence

from telcoai.errors import InputError


def shapes(written: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """``input=1,3,224,224`` of each; InputError when one isn't so."""
    found = {}
    for text in written:
        name, sizes = _pair("--shape", text, "input=1,3,224,224")
        parts = sizes.split(",")
        if not all(part.strip().isascii() and part.strip().isdigit() and int(part) > 0 for part in parts):
            raise InputError(
                f"--shape {text}: {sizes!r} are not whole numbers above 0", "write it like input=1,3,224,224"
            )
        found[name] = tuple(int(part) for part in parts)
    return found


def constants(written: Sequence[str]) -> dict[str, float]:
    """``attention_mask=1`` of each; InputError when one isn't so."""
    found = {}
    for text in written:
        name, value = _pair("--fix", text, "attention_mask=1")
        (found[name],) = numbers(f"--fix {text}", value, 1)
    return found


def numbers(option: str, text: str, count: int = 3) -> tuple[float, ...]:
    """So many numbers between commas; InputError when it isn't that."""
    try:
        found = tuple(float(part) for part in text.split(","))
    except ValueError:
        found = ()
    if len(found) != count or not all(map(math.isfinite, found)):
        wanted = "a number" if count == 1 else f"{count} numbers between commas"
        raise InputError(f"{option}: {text!r} is not {wanted}")
    return found


def _pair(option: str, text: str, example: str) -> tuple[str, str]:
    name, equals, value = text.rpartition("=")
    if not (name and equals and value):
        raise InputError(f"{option} {text}: there is no NAME=VALUE", f"write it like {example}")
    return name, value
