"""The supervisor's end of the fork server: starts it when it is first needed, gives it orders, hears its reports.

Nothing here waits: importing takes the fork server a second, and links have to change on time meanwhile.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

from telcoai.emulation.module_order import Surroundings
from telcoai.emulation.namespaces import NodeNamespaces

MODULE = "telcoai.emulation.fork_server"

_ROOM = "-" * 1024
"""An argument that makes room for the command lines that its children show."""

_OWN_SIGNALS = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGPIPE, signal.SIGHUP)


class ForkServer:
    """The fork server's process, if there is one. ``watch`` and ``unwatch`` tell the event loop of descriptors.

    ``waiting`` counts the orders whose reports haven't come.
    """

    def __init__(self, watch: Callable[[int, Callable[[], None]], None], unwatch: Callable[[int], object]) -> None:
        self._watch = watch
        self._unwatch = unwatch
        self._sock: socket.socket | None = None
        self.waiting = 0

    def order(
        self, packet: bytes, node: NodeNamespaces, cgroup: int | None, tell: Callable[[dict[str, Any]], None]
    ) -> None:
        """Have a process started; ``tell`` gets the report, empty when nothing was run. OSError if it can't be sent."""
        reader, writer = os.pipe()
        try:
            self._send(packet, Surroundings(writer, node, cgroup).fds)
        except OSError:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        self.waiting += 1
        parts: list[bytes] = []

        def hear() -> None:
            part = os.read(reader, 65536)
            if part:
                parts.append(part)
                return
            self._unwatch(reader)
            os.close(reader)
            self.waiting -= 1
            tell(json.loads(b"".join(parts) or b"{}"))

        self._watch(reader, hear)

    def dismiss(self) -> None:
        """Let the present fork server end; the next order gets a new one."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def _send(self, packet: bytes, fds: list[int]) -> None:
        if self._sock is None:
            self._sock = _launch()
        try:
            socket.send_fds(self._sock, [packet], fds)
        except (BrokenPipeError, ConnectionResetError):  # it was killed
            self.dismiss()
            self._sock = _launch()
            socket.send_fds(self._sock, [packet], fds)
        except BlockingIOError as err:
            raise OSError("too many processes are being started at once") from err


def _launch() -> socket.socket:
    """A new fork server; the socket for its orders, which never blocks."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        os.posix_spawn(
            sys.executable,
            [sys.executable, "-m", MODULE, _ROOM],
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, theirs.fileno(), 0)],
            setsid=True,
            setsigdef=_OWN_SIGNALS,
        )
    ours.setblocking(False)
    return ours
