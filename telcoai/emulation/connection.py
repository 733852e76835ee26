"""The supervisor's end of a connection from a client."""

from __future__ import annotations

import os
import socket
from typing import Any

from telcoai.emulation import protocol

_SEND_TIMEOUT_S = 2.0


class Connection:
    """One client. ``waits_for`` is the process whose end it wants to hear of; ``owns`` the one it runs."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.reader = protocol.LineReader()
        self.fds: list[int] = []
        self.waits_for: int | None = None
        self.owns: int | None = None
        sock.settimeout(_SEND_TIMEOUT_S)

    def send(self, message: dict[str, Any]) -> None:
        """Reply; a client that went away or doesn't read is left to its fate."""
        try:
            self.sock.sendall(protocol.encode({"version": protocol.VERSION, **message}))
        except OSError:
            return

    def close(self) -> None:
        """Let go of the socket and of descriptors that came over it."""
        self.sock.close()
        self.drop_fds()

    def drop_fds(self) -> None:
        """Close descriptors that came and weren't used."""
        for fd in self.fds:
            os.close(fd)
        self.fds.clear()
