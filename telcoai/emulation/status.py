"""What a sandbox says of itself."""

from __future__ import annotations

from dataclasses import dataclass

from telcoai.model.topology import LinkState


@dataclass(frozen=True, slots=True)
class DirectionCounters:
    """What went through one direction of a link since it was made, what waits in its queue, and its state."""

    link: str
    direction: str
    packets: int
    bytes: int
    dropped_loss: int
    dropped_queue: int
    dropped_down: int
    queued_bytes: int
    state: LinkState


@dataclass(frozen=True, slots=True)
class NetworkCounters:
    """All directions; packets without a route or whose destination is down; CPU seconds the network used.

    ``late``: packets moved on over 1 ms after their time, because the host was busy.
    """

    directions: tuple[DirectionCounters, ...]
    unroutable: int
    undelivered: int
    late: int
    cpu_s: float


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """A node: its address, whether it is up, and how many processes started in it run."""

    name: str
    address: str
    up: bool
    processes: int


@dataclass(frozen=True, slots=True)
class SandboxStatus:
    """``failure`` is empty while all is well; ``unbounded`` says why memory isn't limited, empty when it is."""

    name: str
    failure: str
    unbounded: str
    nodes: tuple[NodeStatus, ...]


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """A process started in a node; ``pid`` counts in the sandbox; ``code`` is None while it runs."""

    id: int
    node: str
    name: str
    pid: int
    code: int | None
