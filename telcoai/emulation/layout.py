"""What a sandbox consists of: nodes with addresses, links, MTU and seed; and how it is written for the supervisor."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from telcoai.model.topology import Link, LinkState, Topology

NETMASK = "255.255.0.0"
_FIRST_ADDRESS = IPv4Address("10.200.0.1")
MAX_NODES = 65_000
UP, DOWN = "up", "down"


@dataclass(frozen=True, slots=True)
class NodeLayout:
    """A node: its name, IPv4 address and memory limit (bytes, 0 = none).

    ``netns``: path of the network namespace of a node that is there already (a cluster's), "" for one that is made.
    Links then carry what goes to its ``address`` and ``subnets`` (of its pods), and nothing else.
    """

    name: str
    address: str
    memory_bytes: int = 0
    netns: str = ""
    subnets: tuple[str, ...] = ()

    @property
    def networks(self) -> tuple[IPv4Network, ...]:
        """All that is at the node: its address, and the subnets of its pods."""
        return IPv4Network(self.address), *map(IPv4Network, self.subnets)


@dataclass(frozen=True, slots=True)
class Layout:
    """A whole sandbox, before it is made. ``mtu`` is in bytes."""

    name: str
    nodes: tuple[NodeLayout, ...]
    links: tuple[Link, ...]
    mtu: int = 1500
    seed: int = 0

    @classmethod
    def of(cls, topology: Topology) -> Layout:
        """The sandbox of a resolved testbed; nodes get addresses in file order."""
        nodes = tuple(
            NodeLayout(node.name, address_of(index), topology.profile_of(node.name).memory_bytes)
            for index, node in enumerate(topology.nodes)
        )
        return cls(topology.name, nodes, topology.links, topology.mtu, topology.seed)

    @property
    def borrowed(self) -> bool:
        """Whether the nodes are there already and only the links between them are made."""
        return any(node.netns for node in self.nodes)

    @property
    def addresses(self) -> dict[str, str]:
        """IPv4 address of each node."""
        return {node.name: node.address for node in self.nodes}

    def to_json(self) -> str:
        """One line that ``from_json`` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Layout:
        """The inverse of ``to_json``."""
        raw = json.loads(text)
        return cls(
            raw["name"],
            tuple(NodeLayout(**{**node, "subnets": tuple(node["subnets"])}) for node in raw["nodes"]),
            tuple(_link(link) for link in raw["links"]),
            raw["mtu"],
            raw["seed"],
        )


def address_of(index: int) -> str:
    """Address of the node at ``index`` (from 0)."""
    if not 0 <= index < MAX_NODES:
        raise ValueError(f"a sandbox holds at most {MAX_NODES} nodes")
    return str(_FIRST_ADDRESS + index)


def hosts_file(layout: Layout) -> str:
    """The /etc/hosts that all nodes share."""
    return "".join(f"{line}\n" for line in ("127.0.0.1 localhost", *(f"{n.address} {n.name}" for n in layout.nodes)))


def direction_seed(seed: int, link: str, direction: str) -> int:
    """Seed of one direction's random choices, from the testbed's seed."""
    return random.Random(f"{seed}/{link}/{direction}").getrandbits(64)


def _link(raw: dict[str, Any]) -> Link:
    return Link(raw["a"], raw["b"], LinkState(**raw["up"]), LinkState(**raw["down"]), raw["radio"])
