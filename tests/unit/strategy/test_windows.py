"""What windows cost on average and in the tail, against transfers that are played one after the other."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcoai.strategy.tcp import LEAST_RTO_S, Connection, Path, lone_s
from telcoai.strategy.window_tables import table
from telcoai.strategy.windows import PERCENTILES, PLAYED, SEGMENTS, timeouts, waits

PLACE = {segments: place for place, segments in enumerate(SEGMENTS)}


def played(path: Path, rate: float, segments: int, regular: float) -> np.ndarray:
    """Round trips that each of many transfers waits, in order of time."""
    one, draw, now_s, found = Connection(0.0, 0.0), random.Random(99), 0.0, []
    for _ in range(8000):
        now_s = max(now_s + (1 / rate if regular else draw.expovariate(rate)), one.used_s)
        found.append(one.waits_s(segments, path, now_s, draw) / path.round_trip_s)
    return np.array(found[100:])


def test_ten_segments_need_no_wait_and_without_loss_a_silent_window_opens_anew_each_time() -> None:
    found = waits(0.0, 1e-9, 0.0, 95)
    assert found[:, PLACE[10]].tolist() == [0.0, 0.0]
    assert found[0, [PLACE[11], PLACE[31], PLACE[71]]] == pytest.approx([1, 2, 3], abs=0.15)


@pytest.mark.parametrize(
    ("loss", "rate", "segments", "regular", "off"),
    [
        (0.0, 2.0, 30, 0.0, 0.15),
        (0.001, 5.0, 55, 0.0, 0.15),
        (0.01, 5.0, 55, 0.0, 0.15),
        (0.004, 3.0, 25, 0.0, 0.15),
        (0.001, 10.0, 55, 0.0, 0.2),  # far between two rates of the grid, where waits bend
        (0.0, 2.0, 30, 1.0, 0.15),
        (0.001, 5.0, 55, 1.0, 0.15),
        (0.01, 5.0, 55, 1.0, 0.15),
        (0.001, 10.0, 55, 1.0, 0.15),
        (0.004, 3.0, 25, 1.0, 0.2),  # the percentile falls on one round or the next
    ],
)
def test_a_connection_in_use_waits_as_the_table_says(
    loss: float, rate: float, segments: int, regular: float, off: float
) -> None:
    path = Path(round_trip_s=0.03, segment_s=0.0003, loss=loss)
    found = waits(loss, rate * (LEAST_RTO_S + path.round_trip_s), path.segment_s / path.round_trip_s, 95, regular)
    seen = played(path, rate, segments, regular)
    assert found[0, PLACE[segments]] == pytest.approx(seen.mean(), rel=off, abs=0.1)
    assert found[1, PLACE[segments]] == pytest.approx(np.percentile(seen, 95), rel=off, abs=0.3)


@pytest.mark.parametrize(("segments", "loss"), [(1, 0.03), (15, 0.1), (55, 0.03)])
def test_timeouts_are_as_many_as_are_played(segments: int, loss: float) -> None:
    path, draw, one, found = Path(0.03, 0.0003, loss, 0.02), random.Random(3), Connection(0.0, 0.0), []
    back = Path(path.round_trip_s, path.segment_s, path.loss_back)
    for k in range(20_000):
        there = sum(each.timeouts for each in one.transfer(segments, loss, 0.2 * k, path.timeout_s, draw))
        found.append(there + round(lone_s(back, draw) / path.timeout_s))
        one.used_s = 0.2 * k
    share = np.mean(np.array(found) > 0)
    assert timeouts(loss, 0.02, 95)[0, PLACE[segments]] == pytest.approx(np.mean(found), rel=0.15)
    assert timeouts(loss, 0.02, 100 * (1 - share * 1.1))[1, PLACE[segments]] == 0.0
    assert timeouts(loss, 0.02, 100 * (1 - share * 0.9))[1, PLACE[segments]] == 1.0


@given(st.floats(0, 0.3), st.floats(0, 0.3), st.floats(0, 0.3), st.floats(50, 99.9))
def test_more_loss_never_means_fewer_timeouts_and_none_means_none(
    one: float, two: float, other: float, percentile: float
) -> None:
    less, more = sorted((one, two))
    assert (timeouts(more, other, percentile) >= timeouts(less, other, percentile) - 1e-12).all()
    assert (timeouts(other, more, percentile) >= timeouts(other, less, percentile) - 1e-12).all()
    assert not timeouts(0.0, 0.0, percentile).any()


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 0.05), st.floats(0, 30), st.floats(0, 1), st.floats(0, 1), st.floats(50, 99.9))
def test_a_slower_link_leaves_less_to_wait_for_but_never_sends_sooner(
    loss: float, rate: float, one: float, two: float, percentile: float
) -> None:
    fast, slow = sorted((one, two))
    sooner, later = waits(loss, rate, fast, percentile), waits(loss, rate, slow, percentile)
    assert (later <= sooner + 1e-4).all()
    assert (sooner + fast * np.array(SEGMENTS) <= later + slow * np.array(SEGMENTS) + 1e-4).all()
    assert (sooner[1] >= sooner[0]).all()


@pytest.mark.parametrize(("kind", "loss", "rate"), [(0, 0, 3), (1, 5, 8)])
def test_tables_are_what_is_played_today(kind: int, loss: int, rate: int) -> None:
    with np.load(PLAYED) as found:
        assert found["waits"][kind, loss, rate] == pytest.approx(table(kind, loss, rate), abs=1e-4)
        assert found["waits"].shape[3] == 1 + len(PERCENTILES)
