from __future__ import annotations

from collections import Counter
from dataclasses import replace

from telcoai.model.topology import Tier, Topology
from telcoai.model.view import NodeView, View
from telcoai.strategy.round_robin import RoundRobin

from .conftest import profile, topology, view

PLAN = RoundRobin().plan


def placed(seen: View) -> list[str]:
    return [one.hops[0] for one in PLAN(seen).assignments]


def meshed(devices: int, edges: int) -> Topology:
    """Every camera has a link to every edge."""
    built = topology(devices, edges)
    radio, wires = built.links[0], tuple(link for link in built.links if link.b == "cloud")
    cameras, names = built.tier(Tier.DEVICE), [edge.name for edge in built.tier(Tier.EDGE)]
    return replace(built, links=(*(replace(radio, a=c.name, b=name) for c in cameras for name in names), *wires))


def rows(seen: View) -> list[list[str]]:
    """Of each device, the nodes in the order of its turns."""
    return [[row[0] for row in one.rows] for one in PLAN(seen).assignments]


def test_requests_go_round_the_edges_and_the_cloud_in_the_order_of_the_file() -> None:
    assert rows(view(meshed(1, 2))) == [["edge-1", "edge-2", "cloud"]]


def test_each_device_begins_one_further_than_the_one_before() -> None:
    assert placed(view(meshed(7, 2))) == ["edge-1", "edge-2", "cloud", "edge-1", "edge-2", "cloud", "edge-1"]
    assert rows(view(meshed(2, 2)))[1] == ["edge-2", "cloud", "edge-1"]


def test_the_whole_model_runs_there_without_exits() -> None:
    for one in PLAN(view(meshed(6, 2), accuracy=0.89)).assignments:
        assert all(len(set(row)) == 1 for row in one.rows)
        assert (one.variant, one.thresholds) == ("large-int8", (1.01, 1.01))


def test_a_second_service_goes_on_where_the_first_one_ended() -> None:
    seen = view(meshed(2, 2))
    both = replace(seen, services=(*seen.services, replace(seen.services[0], name="audio")))
    assert placed(both) == ["edge-1", "edge-2", "cloud", "edge-1"]


def test_a_dead_node_is_left_out() -> None:
    seen = view(meshed(6, 2))
    hurt = replace(seen, nodes={**seen.nodes, "edge-2": NodeView("edge-2", False)})
    assert rows(hurt) == [["edge-1", "cloud"], ["cloud", "edge-1"]] * 3


def test_a_node_that_a_device_can_not_reach_is_passed_over() -> None:
    """Each camera has an edge of its own here, and the second edge has no link to the cloud."""
    built = topology(2, 2)
    cut = replace(built, links=tuple(link for link in built.links if link.a != "edge-2"))
    assert rows(view(cut)) == [["edge-1", "cloud"], ["edge-2"]]


def test_a_node_that_knows_no_speed_for_the_variant_is_passed_over() -> None:
    built = meshed(4, 2)
    blind = replace(profile("server", 16, 120), speeds=())
    seen = view(replace(built, profiles={**built.profiles, "server": blind}))
    assert all(sorted(nodes) == ["edge-1", "edge-2"] for nodes in rows(seen))


def test_where_nobody_lives_devices_serve_themselves_and_the_reason_says_so() -> None:
    seen = view(meshed(2, 1))
    dead = {name: NodeView(name, False) for name in ("edge-1", "cloud")}
    plan = PLAN(replace(seen, nodes={**seen.nodes, **dead}))
    assert all(one.nodes == (one.device,) for one in plan.assignments)
    assert "2 reach none of them" in plan.reason


def test_devices_that_deal_over_the_same_nodes_are_counted_together() -> None:
    assert "17 × vision small-int8 on cloud | edge-1 | edge-2" in PLAN(view(meshed(17, 2))).reason


def test_nobody_is_begun_with_by_more_than_one_device_more_than_another() -> None:
    counts = Counter(placed(view(meshed(17, 3))))
    assert max(counts.values()) - min(counts.values()) <= 1


def test_latency_is_predicted_under_the_load_of_all() -> None:
    few, many = PLAN(view(meshed(3, 2), rate=20.0)), PLAN(view(meshed(60, 2), rate=20.0))
    assert set(few.predictions) == {f"vision/camera-{k}" for k in (1, 2, 3)}
    assert many.predictions["vision/camera-1"] > few.predictions["vision/camera-1"]
