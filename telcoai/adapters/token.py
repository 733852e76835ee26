"""The testbed's token, from its file."""

from __future__ import annotations

from pathlib import Path

from telcoai.errors import InputError


def read_token(path: Path) -> str:
    """The token in a file; InputError when it can't be read or is empty."""
    try:
        token = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as err:
        raise InputError(f"{path}: the token can't be read: {err}") from err
    if not token:
        raise InputError(f"{path}: the token is empty")
    return token
