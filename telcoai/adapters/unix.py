"""Unix sockets at paths of any length."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LIMIT = 107
"""Bytes that the kernel takes as a socket's path (``sun_path`` less its closing NUL)."""


@contextmanager
def short_path(path: Path) -> Iterator[str]:
    """A name for ``path`` that fits in a socket address, good inside the block only (bind or connect in there).

    A path that is too long is named through a descriptor of its folder, which has to exist.
    """
    if len(os.fsencode(path)) <= LIMIT:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
