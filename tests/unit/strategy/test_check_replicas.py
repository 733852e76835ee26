"""What may be asked of replicas."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from telcoai.model.cluster import Cluster
from telcoai.model.plan import ANYWHERE
from telcoai.model.view import View
from telcoai.strategy.check import problems
from telcoai.strategy.static import EdgeOnly

from .conftest import topology, view

SEEN = view(topology(devices=1, edges=2))
GOOD = EdgeOnly().plan(SEEN)


def changed(seen: View, **fields: Any) -> list[str]:
    return problems(replace(GOOD, assignments=(replace(GOOD.assignments[0], **fields),)), seen)


def test_rows_on_several_nodes_are_sound_and_so_is_one_that_is_there_twice() -> None:
    cut = ("camera-1", "edge-1", "cloud")
    assert changed(SEEN, replicas=(("cloud",) * 3, ("cloud",) * 3, cut)) == []


def test_nodes_out_of_reach_are_named_for_each_row() -> None:
    links = tuple(link for link in SEEN.topology.links if link.a != "edge-2")
    apart = replace(SEEN, topology=replace(SEEN.topology, links=links))
    assert changed(apart, replicas=(("edge-1", "edge-2", "edge-2"),)) == [
        "vision/camera-1: no path from edge-1 to edge-2"
    ]


def test_a_replica_on_a_node_that_its_owner_closed_is_refused() -> None:
    nodes = tuple(replace(n, domain="north", open_to=()) if n.name == "edge-2" else n for n in SEEN.topology.nodes)
    owned = replace(SEEN, topology=replace(SEEN.topology, nodes=nodes))
    assert changed(owned, replicas=(("edge-2",) * 3,)) == [
        "vision/camera-1: edge-2 is closed to services without a domain"
    ]


def test_wherever_kubernetes_chooses_has_no_replicas() -> None:
    cluster = replace(SEEN, topology=replace(SEEN.topology, cluster=Cluster()))
    said = "* and replicas don't go together: Kubernetes has one replica for each device sent there"
    anywhere = (ANYWHERE,) * 3
    for fields in ({"replicas": (anywhere,)}, {"hops": anywhere, "replicas": (("edge-1",) * 3,)}):
        assert changed(cluster, **fields) == [f"vision/camera-1: {said}"]
    assert "has no cluster" not in " ".join(changed(cluster, hops=anywhere))


def test_memory_is_counted_on_the_nodes_of_every_row() -> None:
    nodes = tuple(replace(n, memory_bytes=1000) if n.name == "edge-2" else n for n in SEEN.topology.nodes)
    cramped = replace(SEEN, topology=replace(SEEN.topology, nodes=nodes))
    assert changed(cramped) == []
    (said,) = changed(cramped, replicas=(("edge-2",) * 3,))
    assert said.startswith("edge-2: its models need")
