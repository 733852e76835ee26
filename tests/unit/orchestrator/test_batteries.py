"""Batteries by hand: idle, busy and radio, read once a period."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.model.topology import Battery, Topology
from telcoai.orchestrator.batteries import Batteries, stop_empty
from telcoai.orchestrator.journal import Journal
from tests.places import small_topology

from .test_observe import figures

IDLE_W, CORE_W = 2.7, (6.4 - 2.7) / 4


def powered(charge_j: float = 100.0) -> Topology:
    """The first camera lives on a battery."""
    built = small_topology()
    first, *others = built.nodes
    return replace(built, nodes=(replace(first, battery=Battery(200.0, charge_j)), *others))


def reading(second: int, **counters: object) -> dict[str, object]:
    return {"camera-1": figures("camera-1", second, **counters)}


def test_idle_busy_and_radio_are_taken_off() -> None:
    batteries = Batteries(powered())
    batteries.read(-1.0, reading(1, busy_core_ns=5 * 10**9))
    batteries.read(0.5, reading(2, busy_core_ns=5 * 10**9))
    batteries.read(
        1.5,
        reading(3, busy_core_ns=7 * 10**9, sent_bytes=10**6, received_bytes=10**5, connected_ns=10**9),
    )
    radio_j = 3.0 + (8e6 * 32.0 + 8e5 * 15.0) * 1e-9
    assert batteries.left_j("camera-1") == pytest.approx(100 - 1.5 * IDLE_W - 2 * CORE_W - radio_j)
    assert batteries.left_j("edge") is None


def test_a_node_that_does_not_answer_goes_on_drawing_its_idle_power() -> None:
    batteries = Batteries(powered())
    batteries.read(0.0, reading(1))
    batteries.read(1.0, {"camera-1": None})
    assert batteries.left_j("camera-1") == pytest.approx(100 - IDLE_W)
    batteries.read(2.0, reading(3, busy_core_ns=10**9))
    assert batteries.left_j("camera-1") == pytest.approx(100 - 2 * IDLE_W - CORE_W)


def test_an_empty_battery_stops_its_node_once_and_says_when(tmp_path) -> None:
    class Stopped(list):
        def change_node(self, name, state):
            self.append((name, state))

    batteries, stopped, journal = Batteries(powered(charge_j=2 * IDLE_W)), Stopped(), Journal(tmp_path)
    for second in range(5):
        batteries.read(1.5 * second, reading(second))
        stop_empty(batteries, stopped, journal, 1.5 * second)
    assert stopped == [("camera-1", "stopped")]
    assert batteries.facts()["camera-1"]["empty_s"] == pytest.approx(2.0)
    assert '"what": {"node": "camera-1", "state": "empty"}' in (tmp_path / "events.jsonl").read_text()


@given(st.lists(st.tuples(st.floats(0.01, 5), st.integers(0, 4 * 10**9)), max_size=20))
def test_what_is_drawn_is_what_is_missing(steps: list[tuple[float, int]]) -> None:
    batteries, time_s, busy_ns = Batteries(powered()), 0.0, 0
    batteries.read(0.0, reading(0))
    for k, (length_s, busy) in enumerate(steps):
        time_s, busy_ns = time_s + length_s, busy_ns + busy
        batteries.read(time_s, reading(k + 1, busy_core_ns=busy_ns))
    charge = batteries.facts()["camera-1"]
    drawn = charge["idle_j"] + charge["compute_j"] + charge["radio_j"]
    assert charge["left_j"] == pytest.approx(charge["start_j"] - drawn)
    assert (charge["left_j"] == 0) == (charge["empty_s"] is not None)
