"""A cluster under a testbed, as ``up`` found it: which Kubernetes node is which of the testbed's."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import TypeAdapter

from telcoai.adapters.engine import Engine
from telcoai.adapters.kubernetes import Kubernetes, Object
from telcoai.emulation.layout import Layout, NodeLayout
from telcoai.errors import TestbedError
from telcoai.model.topology import Topology

NODE_LABEL, TIER_LABEL, TESTBED_LABEL = "telcoai.dev/node", "telcoai.dev/tier", "telcoai.dev/testbed"
CORES = "telcoai.dev/cores"
"""The extended resource that counts a device's cores."""

KUBECONFIG, FACTS, NETWORK = "kubeconfig", "cluster.json", "network"
"""In the testbed's folder: the way to the API, the members, and the folder of the userspace network."""

NAMESPACE = "telcoai"


@dataclass(frozen=True, slots=True)
class Member:
    """One node of the testbed in the cluster: its name there, address, pods' subnets, and container on this machine.

    ``container`` is empty for a machine that isn't a container here, ``pid`` of its first process then 0.
    """

    node: str
    name: str
    address: str
    subnets: tuple[str, ...]
    container: str = ""
    pid: int = 0


@dataclass(frozen=True)
class RunningCluster:
    """A cluster that is up. ``backend`` is what makes its links: ``userspace``, ``netem`` or ``none``."""

    folder: Path
    members: tuple[Member, ...]
    version: str
    backend: str
    namespace: str = NAMESPACE
    kubeconfig: Path | None = None
    context: str = ""

    def member(self, node: str) -> Member:
        """The member that is the testbed's node; KeyError when there is none."""
        for one in self.members:
            if one.node == node:
                return one
        raise KeyError(node)

    @property
    def addresses(self) -> dict[str, str]:
        """Address of each node."""
        return {one.node: one.address for one in self.members}

    @cached_property
    def kubernetes(self) -> Kubernetes:
        """Its API."""
        return Kubernetes.open(self.kubeconfig, self.context)

    @cached_property
    def engine(self) -> Engine:
        """The container engine that its nodes run on."""
        return Engine.find()

    def write(self) -> None:
        """Keep it in its folder, so that other commands find it."""
        path = self.folder / FACTS
        part = path.with_suffix(".part")
        part.write_bytes(TypeAdapter(RunningCluster).dump_json(self, indent=1))
        part.replace(path)

    @classmethod
    def read(cls, folder: Path) -> RunningCluster | None:
        """The cluster of a testbed's folder; None when ``up`` never got that far."""
        try:
            return TypeAdapter(RunningCluster).validate_json((folder / FACTS).read_bytes())
        except FileNotFoundError:
            return None


def network_layout(topology: Topology, members: Iterable[Member]) -> Layout:
    """The links of a testbed between its cluster's nodes, for the userspace network."""
    by_node = {one.node: one for one in members}
    nodes = tuple(
        NodeLayout(name, one.address, netns=f"/proc/{one.pid}/ns/net", subnets=one.subnets)
        for name, one in ((node.name, by_node[node.name]) for node in topology.nodes)
    )
    return Layout(topology.name, nodes, topology.links, topology.mtu, topology.seed)


def find_members(topology: Topology, objects: Iterable[Object], containers: dict[str, int]) -> tuple[Member, ...]:
    """Which of the cluster's nodes (``objects``) is which of the testbed's, by their label.

    ``containers``: process number of each container here that may be a node, by name. TestbedError when one lacks.
    """
    by_label = {one["metadata"].get("labels", {}).get(NODE_LABEL): one for one in objects}
    missing = [node.name for node in topology.nodes if node.name not in by_label]
    if missing:
        raise TestbedError(
            f"the cluster has no node for {', '.join(missing[:10])}", f"telcoai down {topology.name}, then up again"
        )
    return tuple(_member(topology.name, node.name, by_label[node.name], containers) for node in topology.nodes)


def _member(testbed: str, node: str, found: Object, containers: dict[str, int]) -> Member:
    name = found["metadata"]["name"]
    container = next((one for one in (name, f"telcoai-{testbed}-{node}") if one in containers), "")
    spec = found.get("spec", {})
    subnets = tuple(spec.get("podCIDRs") or filter(None, [spec.get("podCIDR")]))
    return Member(node, name, internal_address(found), _ipv4(subnets), container, containers.get(container, 0))


def internal_address(node: Object) -> str:
    """The IPv4 address under which the cluster knows a node; TestbedError when it knows none."""
    for one in node.get("status", {}).get("addresses", []):
        if one["type"] == "InternalIP" and ":" not in one["address"]:
            return str(one["address"])
    raise TestbedError(f"node {node['metadata']['name']} has no internal IPv4 address")


def _ipv4(subnets: Iterable[str]) -> tuple[str, ...]:
    return tuple(one for one in subnets if ipaddress.ip_network(one).version == 4)


def is_ready(node: Object) -> bool:
    """Whether the cluster holds a node for ready."""
    conditions = node.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
