"""Speaks to a supervisor: one connection a request, so that any thread may ask at any time."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from telcoai.emulation.protocol import LineReader, encode
from telcoai.emulation.traces import SOCKET
from telcoai.errors import TestbedError


class Channel:
    """A connection to a supervisor. ``receive`` raises TimeoutError after ``timeout_s`` (None: waits for ever)."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._reader = LineReader()
        self._ready: list[dict[str, Any]] = []

    def send(self, request: dict[str, Any], fds: tuple[int, ...] = ()) -> None:
        """Send a request, and descriptors along with it."""
        data = encode(request)
        sent = socket.send_fds(self._sock, [data], list(fds)) if fds else 0
        self._sock.sendall(data[sent:])

    def receive(self, timeout_s: float | None) -> dict[str, Any]:
        """The next reply. TestbedError when it is a refusal or the supervisor has ended."""
        self._sock.settimeout(timeout_s)
        while not self._ready:
            data = self._sock.recv(1 << 20)
            if not data:
                raise TestbedError("the testbed's supervisor has ended", "see supervisor.log in its state folder")
            self._ready += self._reader.feed(data)
        reply = self._ready.pop(0)
        if "error" in reply:
            raise TestbedError(str(reply["error"]))
        return reply


@contextmanager
def connect(state_dir: Path) -> Iterator[Channel]:
    """A connection to the supervisor of a state folder, whatever the length of its path."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(5.0)
        try:
            folder = os.open(state_dir, os.O_PATH)
            try:
                sock.connect(f"/proc/self/fd/{folder}/{SOCKET}")
            finally:
                os.close(folder)
        except OSError as err:
            raise TestbedError(
                f"the testbed's supervisor can't be reached: {err}",
                "it may have crashed: take the testbed down and up again",
            ) from err
        try:
            yield Channel(sock)
        except (BrokenPipeError, ConnectionResetError) as err:
            raise TestbedError("the testbed's supervisor has ended") from err


def ask(state_dir: Path, request: dict[str, Any], timeout_s: float = 10.0, fds: tuple[int, ...] = ()) -> dict[str, Any]:
    """One request, with descriptors that go along with it, and one reply."""
    with connect(state_dir) as channel:
        channel.send(request, fds)
        try:
            return channel.receive(timeout_s)
        except TimeoutError as err:
            raise TestbedError(f"no answer to {request.get('op')} within {timeout_s:g} s") from err
