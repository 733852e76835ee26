"""Requests on their way through a small simulated testbed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from telcoai.load.config import RESTART_S
from telcoai.model.scenario import LinkChange, NodeChange
from telcoai.model.timing import total_seconds
from telcoai.model.topology import LinkState
from telcoai.simulation.world import PLANNED_S, READY_S
from tests.places import small_topology, small_workload
from tests.unit.simulation.stage import Fixed, arrive, played

DEVICE = ("device",) * 3
EDGE = ("edge",) * 3
WHOLE_S = total_seconds(small_topology().profiles["board"], small_workload().variants[0], "tiny")


def latency_ms(rows: list) -> list[float]:
    return [(row.done_ns - row.scheduled_ns) / 1e6 for row in rows]


def test_on_the_device_a_request_takes_its_stages_and_nothing_else(tmp_path: Path) -> None:
    rows = played(tmp_path, Fixed(DEVICE), arrive(0.5, 1.5))
    assert latency_ms(rows) == pytest.approx([WHOLE_S * 1e3] * 2)
    assert [row.status for row in rows] == ["200", "200"]
    assert [hop.node for hop in rows[0].hops] == ["camera-1"]
    assert rows[0].hops[0].compute_ns == pytest.approx(WHOLE_S * 1e9)


def test_a_fifth_request_at_once_waits_for_one_of_four_cores(tmp_path: Path) -> None:
    rows = played(tmp_path, Fixed(DEVICE), arrive(0.5, 0.5, 0.5, 0.5, 0.5))
    assert latency_ms(rows)[:4] == pytest.approx([WHOLE_S * 1e3] * 4)
    assert latency_ms(rows)[4] == pytest.approx(2 * WHOLE_S * 1e3)


def test_who_is_confident_leaves_early(tmp_path: Path) -> None:
    sure = played(tmp_path, Fixed(DEVICE, (0.5, 2.0)), arrive(0.5, sample=4))
    unsure = played(tmp_path, Fixed(DEVICE, (0.5, 2.0)), arrive(0.5, sample=1))
    assert (sure[0].exit, unsure[0].exit) == (0, 2)
    assert latency_ms(sure)[0] == pytest.approx(WHOLE_S * 1e3 / 3)


def test_a_request_to_the_edge_reports_both_hops_and_their_bytes(tmp_path: Path) -> None:
    (row,) = played(tmp_path, Fixed(EDGE), arrive(0.5))
    assert [hop.node for hop in row.hops] == ["camera-1", "edge"]
    assert row.hops[0].sent_bytes > 128 * 128 * 3
    spent_ns = sum(hop.compute_ns + hop.network_ns + hop.queue_ns for hop in row.hops)
    assert spent_ns == pytest.approx(row.done_ns - row.scheduled_ns, abs=10)


def test_a_slower_link_makes_requests_slower_from_then_on(tmp_path: Path) -> None:
    slow = LinkState(80.0, 0.0, 50e6)
    change = LinkChange(2.0, (("camera-1--edge", slow, slow),))
    before, after = latency_ms(played(tmp_path, Fixed(EDGE), arrive(1.9, 2.9), (change,)))
    assert after - before > 2 * 70


def test_in_a_gap_where_nothing_passes_a_request_is_sent_again_until_it_does(tmp_path: Path) -> None:
    air = small_topology().links[0].up
    gap = LinkState(air.delay_ms, air.jitter_ms, air.rate_bps, 1.0)
    changes = (
        LinkChange(1.0, (("camera-1--edge", gap, gap),)),
        LinkChange(1.3, (("camera-1--edge", air, air),)),
    )
    _, in_gap, after = latency_ms(played(tmp_path, Fixed(EDGE), arrive(0.5, 1.05, 3.0), changes))
    assert in_gap - after == pytest.approx(640, abs=40)  # 0.2 s, then 0.4 s, then slow start
    new, after = latency_ms(played(tmp_path, Fixed(EDGE), arrive(1.05, 3.0), changes))
    assert new - after == pytest.approx(1000, abs=40)  # its connection is made after 1 s


@pytest.mark.parametrize("state", ["stopped", "unreachable"])
def test_without_its_edge_a_device_serves_itself_or_fails_as_the_plan_says(tmp_path: Path, state: str) -> None:
    change = NodeChange(1.0, "edge", state)  # type: ignore[arg-type]
    (kept,) = played(tmp_path, Fixed(EDGE), arrive(1.5), (change,))
    assert (kept.status, kept.fallback) == ("200", "edge")
    assert latency_ms([kept])[0] == pytest.approx(2000 + WHOLE_S * 1e3)
    (failed,) = played(tmp_path, Fixed(EDGE, fallback="fail"), arrive(1.5), (change,))
    assert failed.status == "502"


def test_what_an_edge_had_under_way_is_lost_when_it_stops_and_served_again_once_it_is_back(tmp_path: Path) -> None:
    changes = (NodeChange(1.505, "edge", "stopped"), NodeChange(3.0, "edge", "running"))
    first, second = played(tmp_path, Fixed(EDGE), arrive(1.48, 4.0), changes)
    assert first.fallback == "edge"
    assert (second.fallback, second.status) == ("", "200")


def test_a_device_that_stops_leaves_no_rows_of_what_it_had_under_way(tmp_path: Path) -> None:
    rows = played(tmp_path, Fixed(DEVICE), arrive(0.5, 1.0, 2.0), (NodeChange(1.005, "camera-1", "stopped"),))
    assert [row.request_id for row in rows] == [0]


def test_until_its_runtime_is_ready_a_killed_edge_refuses_and_others_serve_themselves(tmp_path: Path) -> None:
    kill = NodeChange(1.0, "edge", "killed")
    rows = played(tmp_path, Fixed(EDGE), arrive(0.97, 1.05, 1.2), (kill,))
    lost, refused, again = sorted(rows, key=lambda row: row.request_id)
    assert [row.fallback for row in (lost, refused, again)] == ["edge", "edge", ""]
    assert latency_ms([refused])[0] == pytest.approx(16 + WHOLE_S * 1e3)  # once there and back, and then at home
    assert latency_ms([lost])[0] < 100 + WHOLE_S * 1e3


def test_nothing_waits_for_an_edge_that_starts_as_for_one_that_is_gone(tmp_path: Path) -> None:
    changes = (NodeChange(1.0, "edge", "stopped"), NodeChange(2.0, "edge", "running"))
    rows = played(tmp_path, Fixed(EDGE), arrive(1.5, 2.1, 2.2), changes)
    gone, starts, back = sorted(rows, key=lambda row: row.request_id)
    assert latency_ms([gone])[0] > 2000
    assert latency_ms([starts])[0] < 100 + WHOLE_S * 1e3
    assert (starts.fallback, back.fallback) == ("edge", "")


def test_a_killed_device_refuses_then_has_no_plan_and_then_serves(tmp_path: Path) -> None:
    rows = played(tmp_path, Fixed(DEVICE), arrive(0.995, 1.05, 1.2, 1.4), (NodeChange(1.0, "camera-1", "killed"),))
    assert [row.status for row in sorted(rows, key=lambda row: row.request_id)] == ["refused", "refused", "503", "200"]
    assert [row.done_ns for row in rows if row.status == "refused"] == [-1, -1]


def test_a_device_that_is_back_sends_again_once_its_driver_is_up(tmp_path: Path) -> None:
    changes = (NodeChange(1.0, "camera-1", "stopped"), NodeChange(2.0, "camera-1", "running"))
    back_s = 2.0 + READY_S + PLANNED_S + RESTART_S
    rows = played(tmp_path, Fixed(DEVICE), arrive(0.5, 2.5, back_s - 0.01, back_s + 0.01), changes)
    assert [(row.request_id, row.status) for row in rows] == [(0, "200"), (3, "200")]


def test_a_node_that_stops_while_it_starts_stays_away(tmp_path: Path) -> None:
    changes = tuple(
        NodeChange(at_s, "edge", state)  # type: ignore[arg-type]
        for at_s, state in ((1.0, "stopped"), (2.0, "running"), (2.1, "stopped"))
    )
    (row,) = played(tmp_path, Fixed(EDGE), arrive(3.0), changes)
    assert row.fallback == "edge"
    assert latency_ms([row])[0] > 2000


def test_events_say_when_a_node_was_really_back(tmp_path: Path) -> None:
    changes = (
        NodeChange(1.0, "edge", "stopped"),
        NodeChange(2.0, "edge", "running"),
        NodeChange(2.5, "camera-1", "killed"),
        NodeChange(3.0, "edge", "unreachable"),
        NodeChange(3.5, "edge", "running"),
    )
    played(tmp_path, Fixed(DEVICE), (), changes)
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert [one["real_s"] - one["at_s"] for one in events] == pytest.approx([0, READY_S, READY_S + PLANNED_S, 0, 0])


def test_views_before_a_change_are_the_same_whatever_comes_after(tmp_path: Path) -> None:
    slow = LinkState(300.0, 0.0, 1e6)
    futures = ((), (LinkChange(2.5, (("camera-1--edge", slow, slow),)),), (NodeChange(2.5, "edge", "stopped"),))
    seen = []
    for number, timeline in enumerate(futures):
        folder = tmp_path / str(number)
        folder.mkdir()
        strategy = Fixed(EDGE)
        later = arrive(0.2, 1.2, 1.9) if number else arrive(0.2, 1.2, 1.9, 2.8, 2.9)
        played(folder, strategy, later, timeline)
        seen.append([view for view in strategy.seen if view.time_s <= 2.0])
    assert seen[0] == seen[1] == seen[2]
