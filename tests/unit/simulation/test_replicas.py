"""Requests that take turns over replicas in a simulated testbed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from telcoai.load.rows import Row
from telcoai.model.scenario import NodeChange
from telcoai.model.timing import total_seconds
from telcoai.model.topology import Node, Tier, Topology
from tests.places import small_topology, small_workload
from tests.unit.simulation.stage import Fixed, arrive, played

FIRST, SECOND = ("edge",) * 3, ("edge-2",) * 3
STEADY = arrive(*(k / 80 for k in range(240)))
"""80 requests a second; an edge of one core serves some 55."""
DEADLINE_MS = 150.0


def two_edges() -> Topology:
    """A second edge like the first, to which each camera has a link too; each has one core."""
    built = small_topology()
    small = replace(built.profiles["board"], name="small", cores=1)
    edges = [Node(name, Tier.EDGE, "small", "edge") for name in ("edge", "edge-2")]
    nodes = (*(node for node in built.nodes if node.tier != Tier.EDGE), *edges)
    more = [replace(link, b="edge-2") for link in built.links if link.b == "edge"]
    return replace(built, nodes=nodes, links=(*built.links, *more), profiles={**built.profiles, "small": small})


def served(rows: list[Row]) -> Counter[str]:
    return Counter(row.hops[-1].node for row in rows)


def on_time(rows: list[Row]) -> float:
    return sum(row.done_ns - row.scheduled_ns <= DEADLINE_MS * 1e6 for row in rows) / len(rows)


def test_a_demand_that_is_too_much_for_one_edge_is_kept_in_time_by_two(tmp_path: Path) -> None:
    whole_s = total_seconds(two_edges().profiles["small"], small_workload().variants[0], "tiny")
    assert 1 < 80 * whole_s < 1.9
    alone = played(tmp_path, Fixed(FIRST), STEADY, total_s=4, topology=two_edges())
    spread = played(tmp_path, Fixed(FIRST, replicas=(SECOND,)), STEADY, total_s=4, topology=two_edges())
    assert served(alone) == {"edge": 240}
    assert served(spread) == {"edge": 120, "edge-2": 120}
    assert on_time(alone) < 0.3
    assert on_time(spread) == 1.0


def test_each_row_names_the_nodes_that_served_it(tmp_path: Path) -> None:
    cut = ("camera-1", "edge", "edge")
    rows = played(tmp_path, Fixed(cut, replicas=(SECOND,)), arrive(0.5, 1.5, 2.5), topology=two_edges())
    assert [row.placement for row in rows] == ["camera-1,edge,edge", "edge-2,edge-2,edge-2", "camera-1,edge,edge"]
    assert [row.hops[-1].node for row in rows] == ["edge", "edge-2", "edge"]


def test_a_row_that_is_there_twice_gets_two_turns(tmp_path: Path) -> None:
    rows = played(tmp_path, Fixed(FIRST, replicas=(SECOND, FIRST)), STEADY[:30], topology=two_edges())
    assert served(rows) == {"edge": 20, "edge-2": 10}


@pytest.mark.parametrize("admit", [0.5, 0.25, 0.6])
def test_those_that_are_admitted_are_spread_evenly_too(tmp_path: Path, admit: float) -> None:
    rows = played(tmp_path, Fixed(FIRST, replicas=(SECOND,), admit=admit), STEADY[:200:5], topology=two_edges())
    counts = served([row for row in rows if row.status == "200"])
    assert counts.total() == 40 * admit
    assert counts["edge"] == counts["edge-2"]


def test_who_meets_a_replica_that_died_falls_back_and_the_others_are_served(tmp_path: Path) -> None:
    stops = (NodeChange(0.2, "edge-2", "stopped"),)
    rows = played(tmp_path, Fixed(FIRST, replicas=(SECOND,)), arrive(0.5, 0.7, 0.9, 1.1), stops, topology=two_edges())
    ordered = sorted(rows, key=lambda row: row.request_id)
    assert [row.fallback for row in ordered] == ["", "edge-2", "", "edge-2"]
    assert {row.status for row in rows} == {"200"}
