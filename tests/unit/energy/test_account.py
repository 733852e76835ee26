from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.energy.account import EnergyResult, account, frame
from telcoai.energy.crosscheck import cross_check
from telcoai.errors import InputError

from .conftest import END_NS, START_NS, Row, exact, rows, topology


def book(*given_rows: Row, fallback: str = "") -> EnergyResult:
    return account(rows(*given_rows, fallback=fallback), topology(), START_NS, END_NS)


def component(result: EnergyResult, node: str, name: str) -> float:
    return sum(row.energy_j for row in result.rows if row.node == node and row.component == name)


def test_a_local_request_costs_its_core_time_at_the_power_of_one_core() -> None:
    result = book((1.0, 1.2, [("camera-1", 0.05, 0.1, 0.0, 0, 0)]))
    assert result.per_request_j.tolist() == pytest.approx([0.1 * (7 - 3) / 4])
    assert component(result, "camera-1", "compute") == pytest.approx(0.1)


def test_requests_of_a_batch_pay_for_the_core_once_between_them() -> None:
    table = rows((1.0, 1.2, [("edge", 0.0, 0.1, 0.0, 0, 0)]), (1.0, 1.2, [("edge", 0.0, 0.1, 0.0, 0, 0)]))
    for hops in table["hops"]:
        hops[0]["core_ns"] = 50_000_000
    result = account(table, topology(), START_NS, END_NS)
    assert result.per_request_j.tolist() == pytest.approx([0.05 * 10] * 2)
    assert component(result, "edge", "compute") == pytest.approx(0.1 * 10)


def test_an_idle_testbed_uses_idle_power_times_the_window_and_nothing_else() -> None:
    result = book()
    assert result.total_j() == pytest.approx(100 * (3 + 3 + 7 + 60))
    assert result.dynamic_j == pytest.approx(0)


def test_an_offloaded_request_pays_for_both_nodes_its_bits_and_the_connected_radio() -> None:
    hops = [("camera-1", 0.0, 0.0, 0.03, 50_000, 500), ("edge", 0.0, 0.01, 0.0, 0, 0)]
    result = book((20.0, 20.04, hops))
    bits = (50_000 * 30 + 500 * 15) * 8e-9
    base = 3.0 * (0.04 + 10.0)
    assert result.per_request_j[0] == pytest.approx(0.01 * 10 + bits + base)
    assert component(result, "camera-1", "radio_base") == pytest.approx(base)
    assert component(result, "camera-1", "radio_bytes") == pytest.approx(bits)
    assert component(result, "edge", "compute") == pytest.approx(0.1)


def test_the_radio_is_the_devices_also_when_the_link_is_written_from_the_edge() -> None:
    hops = [("camera-2", 0.0, 0.0, 0.03, 1000, 0), ("edge", 0.0, 0.01, 0.0, 0, 0)]
    result = book((20.0, 20.04, hops))
    assert component(result, "camera-2", "radio_bytes") == pytest.approx(1000 * 30 * 8e-9)
    assert component(result, "edge", "radio_bytes") == 0


def test_a_request_to_the_cloud_crosses_the_radio_once() -> None:
    hops = [("camera-1", 0.0, 0.0, 0.06, 1000, 100), ("cloud", 0.0, 0.01, 0.0, 0, 0)]
    result = book((20.0, 20.1, hops))
    row = next(r for r in result.rows if r.component == "radio_bytes")
    assert (row.node, row.bytes) == ("camera-1", 1100)


def test_a_link_without_a_radio_costs_nothing() -> None:
    hops = [("edge", 0.0, 0.01, 0.03, 1000, 100), ("cloud", 0.0, 0.01, 0.0, 0, 0)]
    assert {row.component for row in book((1.0, 1.1, hops)).rows} == {"idle", "compute"}


def test_bytes_sent_to_a_dead_hop_are_counted() -> None:
    result = book((1.0, 1.1, [("camera-1", 0.0, 0.1, 0.0, 1000, 0)]), fallback="edge")
    assert component(result, "camera-1", "radio_bytes") == pytest.approx(1000 * 30 * 8e-9)


def test_a_request_that_never_came_back_has_no_energy_of_its_own() -> None:
    assert book((1.0, -1e-9, [])).per_request_j.tolist() == [0.0]


def test_two_requests_share_the_connected_time_and_the_second_pays_for_the_tail() -> None:
    hops = [("camera-1", 0.0, 0.0, 0.03, 0, 1), ("edge", 0.0, 0.0, 0.0, 0, 0)]
    result = book((20.0, 21.0, hops), (22.0, 23.0, hops))
    slope = 8 * 15e-9
    assert result.per_request_j.tolist() == pytest.approx([3 * 2.0 + slope, 3 * 11.0 + slope])


def test_bands_hold_the_value_and_follow_the_profiles() -> None:
    result = book((20.0, 20.1, [("camera-1", 0.0, 0.1, 0.0, 0, 0)]))
    compute = next(r for r in result.rows if r.component == "compute" and r.node == "camera-1")
    low, high = 0.1 * (6.0 - 3.5) / 4, 0.1 * (8.0 - 2.5) / 4
    assert (compute.energy_low_j, compute.energy_high_j) == pytest.approx((low, high))
    assert all(row.energy_low_j <= row.energy_j <= row.energy_high_j for row in result.rows)


def test_rows_of_another_testbed_are_refused() -> None:
    with pytest.raises(InputError, match="'moon'"):
        book((1.0, 1.1, [("moon", 0.0, 0.1, 0.0, 0, 0)]))


def test_the_frame_has_the_columns_of_the_run_folder() -> None:
    table = frame(book(), "edge-only-r1")
    assert list(table.columns) == [
        *("run", "node", "tier", "meter", "component", "seconds", "busy_core_s", "bytes"),
        *("energy_j", "energy_low_j", "energy_high_j"),
    ]
    assert set(table["meter"]) == {"model"}


def test_rows_survive_parquet(tmp_path: object) -> None:
    hops = [("camera-1", 0.0, 0.1, 0.03, 1000, 100), ("edge", 0.0, 0.01, 0.0, 0, 0)]
    path = f"{tmp_path}/samples.parquet"
    table = rows((1.0, 1.2, hops), (2.0, 2.2, hops))
    table.to_parquet(path)
    read = account(pd.read_parquet(path), topology(), START_NS, END_NS)
    assert read.per_request_j.tolist() == account(table, topology(), START_NS, END_NS).per_request_j.tolist()


def test_the_cross_check_shows_compute_that_no_row_has() -> None:
    result = book((1.0, 1.2, [("camera-1", 0.0, 0.1, 0.0, 0, 0)]))
    camera, edge = cross_check(result, {"camera-1": 100_000_000, "edge": 50_000_000})
    assert camera.difference == pytest.approx(0)
    assert edge.difference == 1.0


seconds = st.floats(0, 5)
amounts = st.integers(0, 200_000)


@st.composite
def requests(draw: st.DrawFn) -> Row:
    device = draw(st.sampled_from(["camera-1", "camera-2"]))
    sent = draw(st.floats(0, 90))
    first = (device, draw(seconds), draw(seconds), draw(seconds), draw(amounts), draw(amounts))
    far = [(node, draw(seconds), draw(seconds), 0.0, 0, 0) for node in draw(st.sampled_from([[], ["edge"], ["cloud"]]))]
    return sent, sent + draw(st.floats(0, 20)), [first, *far]


@given(st.lists(requests(), max_size=12))
def test_requests_sum_to_the_dynamic_energy_of_the_nodes(given_rows: list[Row]) -> None:
    result = book(*given_rows)
    assert float(result.per_request_j.sum()) == pytest.approx(result.dynamic_j, rel=1e-3, abs=1e-9)


@given(st.lists(requests(), max_size=12))
def test_no_energy_is_negative_or_unknown(given_rows: list[Row]) -> None:
    result = book(*given_rows)
    assert (result.per_request_j >= 0).all()
    assert all(math.isfinite(row.energy_j) and 0 <= row.energy_low_j <= row.energy_high_j for row in result.rows)


@given(amounts, amounts, st.integers(1, 20))
def test_energy_of_bytes_is_linear(up: int, down: int, factor: int) -> None:
    def cost(scale: int) -> float:
        hops = [("camera-1", 0.0, 0.0, 0.0, up * scale, down * scale), ("edge", 0.0, 0.0, 0.0, 0, 0)]
        return book((1.0, 2.0, hops)).total_j("radio_bytes")

    assert cost(factor) == pytest.approx(factor * cost(1))


@given(st.lists(requests(), min_size=1, max_size=12))
def test_a_radio_is_never_connected_longer_than_the_window(given_rows: list[Row]) -> None:
    result = account(rows(*given_rows), topology(tail=exact(1000.0)), START_NS, END_NS)
    assert all(row.seconds <= 100.0 + 1e-9 for row in result.rows if row.component == "radio_base")
    assert np.isfinite(result.per_request_j).all()
