"""What the supervisor tells the fork server to run, and in which node: one packet with descriptors along.

The descriptors are, in this order: the pipe that takes the report, the node's network and UTS namespaces and, where
memory is bounded, the node's ``cgroup.procs``. The report is one JSON object: ``pid`` once the process is in its node,
``error`` when it can't get there, ``stale`` when the fork server has old code. No report means that nothing was run.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import Any

from telcoai.emulation import protocol
from telcoai.emulation.namespaces import NodeNamespaces
from telcoai.emulation.processes import Command, asked_command
from telcoai.emulation.protocol import ProtocolError

MAX_BYTES = 128 * 1024
"""Of a packet; a socket's buffer takes one of this size at least."""

MAX_FDS = 4


@dataclass(frozen=True, slots=True)
class ModuleOrder:
    """``command.argv`` is the module and its arguments; ``preload`` are modules to import once, before the fork."""

    command: Command
    preload: tuple[str, ...] = ()

    @classmethod
    def asked(cls, request: dict[str, Any], node: str) -> ModuleOrder:
        """From the fields of a client's request. ProtocolError when they make no sense."""
        command = asked_command(request, node)
        preload = protocol.texts(request, "preload") if request.get("preload") else []
        for name in (command.argv[0], *preload):
            if not all(part.isidentifier() for part in name.split(".")):
                raise ProtocolError(f"{name!r} can't be a module's name")
        return cls(command, tuple(preload))

    def pack(self) -> bytes:
        """The packet. ProtocolError when it is too long."""
        packet = protocol.encode(asdict(self))
        if len(packet) > MAX_BYTES:
            raise ProtocolError(f"arguments and environment are longer than {MAX_BYTES} bytes")
        return packet

    @classmethod
    def unpack(cls, packet: bytes) -> ModuleOrder:
        """The inverse of ``pack``."""
        raw = protocol.decode(packet)
        return cls(Command(**{**raw["command"], "stdio": ()}), tuple(raw["preload"]))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The descriptors that come with an order."""

    report: int
    node: NodeNamespaces
    cgroup: int | None

    @classmethod
    def of(cls, fds: list[int]) -> Surroundings:
        """From the descriptors in the order in which they were sent."""
        report, net, uts, *rest = fds
        return cls(report, NodeNamespaces(net, uts, -1), rest[0] if rest else None)

    @property
    def fds(self) -> list[int]:
        """The descriptors in the order in which they are sent."""
        return [self.report, self.node.net, self.node.uts, *([] if self.cgroup is None else [self.cgroup])]

    def close(self) -> None:
        """Close all."""
        for fd in self.fds:
            os.close(fd)


def report(fd: int, **outcome: Any) -> None:
    """Write the report; a supervisor that has given up is left alone."""
    try:
        os.write(fd, json.dumps(outcome).encode())
    except OSError:
        return
