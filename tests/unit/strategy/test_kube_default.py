"""Kubernetes' own choices, played where there is no cluster."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from telcoai.model.cluster import Cluster
from telcoai.model.plan import ANYWHERE
from telcoai.strategy.kube_default import KubeDefault, place
from telcoai.strategy.sites import as_built

from .conftest import topology, view


def test_on_a_cluster_kubernetes_decides() -> None:
    seen = view()
    on_cluster = replace(seen, topology=replace(seen.topology, cluster=Cluster()))
    assert {hop for one in KubeDefault().plan(on_cluster).assignments for hop in one.hops} == {ANYWHERE}


def test_the_node_with_the_largest_free_share_gets_the_next_replica() -> None:
    sites = as_built(view())
    profiles = {node.name: sites.profile(node.name) for node in topology().nodes}
    placed = [node for _, node in place(sites, [""] * 12, 1)]
    for number, name in enumerate(placed):
        with_it = {node: Counter(placed[:number])[node] + 1 for node in profiles}
        free = {
            node: 1 - (with_it[node] / one.cores + with_it[node] * (128 << 20) / one.memory_bytes) / 2
            for node, one in profiles.items()
            if with_it[node] <= one.cores
        }
        assert free[name] == max(free.values())


def test_no_node_gets_more_replicas_than_it_has_cores() -> None:
    sites = as_built(view())
    cores = {node.name: sites.profile(node.name).cores for node in topology().nodes}
    placed = Counter(node for _, node in place(sites, [""] * 1000, 1))
    assert placed == cores


def test_it_says_by_which_rule_it_places() -> None:
    assert "least allocated" in KubeDefault().plan(view()).reason
