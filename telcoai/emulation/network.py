"""The supervisor's end of the userspace network: starts its process and asks it things."""

from __future__ import annotations

import os
import socket
import sys
from typing import Any, NoReturn

from telcoai.emulation import linux
from telcoai.emulation.engine import Engine
from telcoai.emulation.layout import Layout
from telcoai.emulation.protocol import LineReader, encode
from telcoai.emulation.wiring import Wiring

_TIMEOUT_S = 5.0
_START_TIMEOUT_S = 60.0


class NetworkGone(OSError):
    """The network process ended, so the testbed's nodes can't reach each other any more."""


class Network:
    """The network process and the socket to it. ``failure`` is empty as long as it runs."""

    def __init__(self, layout: Layout, tuns: dict[str, int]) -> None:
        self._sock, theirs = socket.socketpair()
        self._reader = LineReader()
        self.failure = ""
        self.pid = os.fork()
        if self.pid == 0:
            _forward(layout, tuns, theirs)
        theirs.close()
        for fd in tuns.values():
            os.close(fd)
        self._sock.settimeout(_START_TIMEOUT_S)
        self.ask({"op": "counters"})
        self._sock.settimeout(_TIMEOUT_S)

    def fail(self, code: int) -> None:
        """Take note that the process ended."""
        self.failure = f"the network process ended with {code}"

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Its reply to ``request``. NetworkGone when it doesn't answer."""
        if self.failure:
            raise NetworkGone(self.failure)
        try:
            self._sock.sendall(encode(request))
            while True:
                data = self._sock.recv(1 << 20)
                if not data:
                    raise NetworkGone("the network process has closed its socket")
                for reply in self._reader.feed(data):
                    return reply
        except OSError as err:
            raise NetworkGone(f"the network process doesn't answer: {err}") from err


def _forward(layout: Layout, tuns: dict[str, int], control: socket.socket) -> NoReturn:
    """In the child: never return."""
    try:
        linux.name_process("telcoai-network")
        linux.run_first()
        Engine(Wiring(layout, tuns), control, layout.mtu).run()
    finally:
        if sys.exc_info()[0] is not None:
            sys.excepthook(*sys.exc_info())
        os._exit(1)
