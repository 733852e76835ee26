"""Layouts of small sandboxes."""

from __future__ import annotations

import itertools
import os

from telcoai.emulation.layout import Layout, NodeLayout, address_of
from telcoai.model.topology import Link, LinkState

_numbers = itertools.count()
FREE = LinkState(0.0, rate_bps=1e9)


def chain(up: LinkState = FREE, down: LinkState | None = None, memory_bytes: int = 0) -> Layout:
    """Two cameras at an edge, the edge at a cloud; ``up`` and ``down`` hold for the cameras' links."""
    names = ("camera-1", "camera-2", "edge", "cloud")
    nodes = tuple(NodeLayout(name, address_of(i), memory_bytes) for i, name in enumerate(names))
    radio = [Link(f"camera-{i}", "edge", up, down or up) for i in (1, 2)]
    return Layout(f"test-{os.getpid()}-{next(_numbers)}", nodes, (*radio, Link("edge", "cloud", FREE, FREE)), seed=5)
