"""Claims: two commands never use the same testbed, or write into the same experiment, at once."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from telcoai.errors import InputError


@contextmanager
def claimed_testbed(name: str, root: Path) -> Iterator[None]:
    """Hold the testbed ``name`` of the state folder ``root``; InputError when another command holds it.

    The lock lies beside the testbed's folder, which comes and goes with the testbed.
    """
    root.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(root / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    with _held(descriptor, f"testbed {name} is in use by another command", "wait until it has ended"):
        yield


@contextmanager
def claimed_folder(folder: Path) -> Iterator[None]:
    """Hold an experiment's folder; InputError when another command writes into it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    with _held(descriptor, f"{folder} is in use by another command", "choose another folder with --out"):
        yield


@contextmanager
def _held(descriptor: int, problem: str, hint: str) -> Iterator[None]:
    """Hold an exclusive lock on what is open; the kernel drops it when this process ends, however it ends."""
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            raise InputError(problem, hint) from err
        yield
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # closing alone would wait for a child that hasn't yet done its exec
    finally:
        os.close(descriptor)
