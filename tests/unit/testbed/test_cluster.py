"""Which of a cluster's nodes is which of the testbed's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from telcoai.errors import TestbedError
from telcoai.model.cluster import Cluster, K3s, Kind
from telcoai.testbed.cluster import Member, RunningCluster, find_members, is_ready, network_layout
from telcoai.testbed.rights import objects
from telcoai.testbed.surroundings import in_surroundings
from tests.places import small_topology


def node(name, label, address="172.18.0.2", subnet="10.244.1.0/24"):
    return {
        "metadata": {"name": name, "labels": {"telcoai.dev/node": label}},
        "spec": {"podCIDR": subnet, "podCIDRs": [subnet, "fd00::/64"]},
        "status": {
            "addresses": [{"type": "Hostname", "address": name}, {"type": "InternalIP", "address": address}],
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def nodes():
    names = [one.name for one in small_topology().nodes]
    return [node(f"worker{i}", name, f"172.18.0.{i + 2}", f"10.244.{i}.0/24") for i, name in enumerate(names)]


def test_nodes_are_found_by_their_label_with_their_container():
    found = find_members(small_topology(), reversed(nodes()), {"worker0": 41, "other": 42})
    first = found[0]
    assert first.node == small_topology().nodes[0].name
    assert (first.name, first.container, first.pid) == ("worker0", "worker0", 41)
    assert first.subnets == ("10.244.0.0/24",)
    assert found[1].pid == 0


def test_machines_of_containers_carry_the_testbeds_name():
    name = small_topology().nodes[0].name
    found = find_members(small_topology(), nodes(), {f"telcoai-{small_topology().name}-{name}": 7})
    assert found[0].pid == 7


def test_a_node_that_the_cluster_lacks_is_named():
    with pytest.raises(TestbedError, match=small_topology().nodes[0].name):
        find_members(small_topology(), nodes()[1:], {})


def test_a_node_without_an_address_is_told():
    broken = [{**one, "status": {}} for one in nodes()]
    with pytest.raises(TestbedError, match="no internal IPv4 address"):
        find_members(small_topology(), broken, {})


def test_readiness_is_the_clusters_own():
    assert is_ready(nodes()[0])
    assert not is_ready({"metadata": {}, "status": {}})


def test_links_carry_what_goes_to_nodes_and_their_pods():
    members = find_members(small_topology(), nodes(), {"worker0": 41})
    layout = network_layout(small_topology(), members)
    assert layout.borrowed
    assert layout.nodes[0].netns == "/proc/41/ns/net"
    assert [str(one) for one in layout.nodes[0].networks] == ["172.18.0.2/32", "10.244.0.0/24"]


def test_a_cluster_is_found_again_as_it_was(tmp_path):
    members = (Member("edge", "worker", "172.18.0.2", ("10.244.1.0/24",), "worker", 5),)
    cluster = RunningCluster(tmp_path, members, "v1.36.3", "userspace", kubeconfig=tmp_path / "kubeconfig")
    cluster.write()
    assert RunningCluster.read(tmp_path) == cluster
    assert RunningCluster.read(tmp_path / "nowhere") is None


def test_the_environment_gives_images_and_binaries_at_hand():
    base = small_topology()
    kind = replace(base, cluster=Cluster(kind=Kind("kindest/node:v1")))
    named = in_surroundings(kind, {"TELCOAI_KIND_IMAGE": "mine:1", "TELCOAI_PYTHON_BASE": "python:mine"})
    assert named.cluster is not None
    assert named.cluster.kind == Kind("mine:1")
    assert named.cluster.runtime_base == "python:mine"
    k3s = in_surroundings(replace(base, cluster=Cluster(k3s=K3s("v1"))), {"TELCOAI_K3S": "/opt/k3s"})
    assert k3s.cluster is not None
    assert k3s.cluster.k3s == K3s("v1", "file", Path("/opt/k3s"))
    assert in_surroundings(base, {"TELCOAI_K3S": "/opt/k3s"}) == base


def test_rights_are_no_more_than_what_is_used():
    roles = [one for one in objects("lab", "robot") if one["kind"] in ("Role", "ClusterRole")]
    verbs = {verb for one in roles for rule in one["rules"] for verb in rule["verbs"]}
    assert "*" not in verbs
    assert "escalate" not in verbs
    wide = next(one for one in roles if one["kind"] == "ClusterRole")
    assert {verb for rule in wide["rules"] for verb in rule["verbs"]} <= {"get", "list"}
