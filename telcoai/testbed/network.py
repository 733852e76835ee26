"""The network between a testbed's nodes, whatever makes its links."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from telcoai.emulation.measure import LinkMeasure
from telcoai.emulation.status import NetworkCounters, SandboxStatus
from telcoai.model.topology import Link, LinkState

USERSPACE, NETEM, NONE = "userspace", "netem", "none"
"""What makes links: telcoai's own network process, tc in the nodes' kernels, or nobody."""


class Network(Protocol):
    """What every backend does; ``state_dir`` holds what finds it again. TestbedError when it is gone."""

    state_dir: Path

    def status(self) -> SandboxStatus:
        """How it does, and which nodes are cut off."""
        ...

    def links(self) -> tuple[Link, ...]:
        """The links with their states of now."""
        ...

    def set_link(self, link: str, direction: str, state: LinkState) -> None:
        """Change a direction of a link at once; LinkError when that can't be."""
        ...

    def reseed(self, seed: int) -> None:
        """Draw loss and jitter anew from ``seed``, where draws can be seeded."""
        ...

    def node_cut(self, node: str) -> None:
        """Let nothing through the links at a node."""
        ...

    def node_start(self, node: str) -> None:
        """Let packets through again."""
        ...

    def measure(self) -> tuple[LinkMeasure, ...]:
        """Measure all links, and judge them against their states."""
        ...

    def delays(self) -> tuple[LinkMeasure, ...]:
        """Delays of all links now."""
        ...

    def counters(self) -> NetworkCounters:
        """What it has carried and dropped."""
        ...

    def close(self) -> None:
        """End it, and leave nothing of it behind."""
        ...
