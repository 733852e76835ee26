"""A cluster that is there already: which of its nodes are the testbed's. Only one namespace on it is ever changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from telcoai.adapters.kubernetes import ApiRefused, Kubernetes, Object
from telcoai.errors import InputError, TestbedError
from telcoai.model.cluster import Existing
from telcoai.model.topology import Tier, Topology
from telcoai.testbed.cluster import Member, RunningCluster, internal_address, is_ready
from telcoai.testbed.namespace import ensure_namespace
from telcoai.testbed.network import NONE


def adopt(topology: Topology, folder: Path) -> RunningCluster:
    """Find the testbed's nodes on a user's cluster. InputError when it has too few; nothing there is changed."""
    existing = topology.cluster.existing if topology.cluster else None
    if existing is None:
        raise ValueError("not a cluster of the user's")
    kubernetes = Kubernetes.open(existing.kubeconfig, existing.context)
    found = {tier: _nodes(kubernetes, existing, str(tier)) for tier in Tier}
    members = assign(topology, found, existing.selectors)
    _require_namespace(kubernetes, existing, topology.name)
    version = str((kubernetes.get("/version") or {}).get("gitVersion", "unknown"))
    return RunningCluster(folder, members, version, NONE, existing.namespace, existing.kubeconfig, existing.context)


def assign(topology: Topology, found: Mapping[Tier, list[Object]], selectors: Mapping[str, str]) -> tuple[Member, ...]:
    """The testbed's nodes in file order on each tier's nodes in the order of their names, each on one of its own."""
    members, problems, taken = [], [], set()
    for tier in Tier:
        wanted = topology.tier(tier)
        free = [one for one in found[tier] if one["metadata"]["name"] not in taken]
        if len(free) < len(wanted):
            problems.append(f"{len(wanted)} {tier} nodes wanted, {len(free)} ready with {selectors[str(tier)]}")
        for node, one in zip(wanted, free, strict=False):
            taken.add(one["metadata"]["name"])
            members.append(Member(node.name, one["metadata"]["name"], internal_address(one), ()))
    if problems:
        raise InputError(
            f"the cluster has too few nodes: {'; '.join(problems)}",
            "label some, or say which they are: kubeconfig: {tiers: {edge: SELECTOR}}",
        )
    order = {node.name: index for index, node in enumerate(topology.nodes)}
    return tuple(sorted(members, key=lambda one: order[one.node]))


def _nodes(kubernetes: Kubernetes, existing: Existing, tier: str) -> list[Object]:
    nodes = kubernetes.items("/api/v1/nodes", existing.selectors[tier])
    return sorted(filter(is_ready, nodes), key=lambda one: str(one["metadata"]["name"]))


def _require_namespace(kubernetes: Kubernetes, existing: Existing, testbed: str) -> None:
    """Use the namespace that is there, or make it where that is allowed. TestbedError without rights in it."""
    try:
        kubernetes.items(f"/api/v1/namespaces/{existing.namespace}/pods")
    except ApiRefused as err:
        rest = f"telcoai rbac --namespace {existing.namespace} prints the rights that are needed"
        raise TestbedError(f"namespace {existing.namespace}: {err.message}", rest) from err
    try:
        if kubernetes.get(f"/api/v1/namespaces/{existing.namespace}") is None:
            ensure_namespace(kubernetes, testbed, existing.namespace)
    except ApiRefused as err:
        if err.status != 403:
            raise  # who may not look at namespaces was given one
