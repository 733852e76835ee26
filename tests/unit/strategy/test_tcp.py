"""TCP's windows, in cases that can be counted out."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.strategy.tcp import Connection, Path

CLEAN = Path(round_trip_s=0.1, segment_s=0.0, loss=0.0)


def connection(**changes: object) -> Connection:
    facts: dict[str, object] = {"used_s": 0.0, "limited_s": 0.0, "is_new": False}
    return Connection(**(facts | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(("segments", "rounds"), [(1, 0), (10, 0), (11, 1), (30, 1), (31, 2), (70, 2), (71, 3)])
def test_a_fresh_window_doubles_each_round(segments: int, rounds: int) -> None:
    waited = connection().waits_s(segments, CLEAN, 0.0, random.Random(1))
    assert waited == pytest.approx(rounds * 0.1)


def test_a_new_connection_costs_one_round_more() -> None:
    assert Connection(0.0, 0.0).waits_s(10, CLEAN, 0.0, random.Random(1)) == pytest.approx(0.1)


def test_sending_time_hides_the_wait_for_acknowledgements() -> None:
    slow = Path(round_trip_s=0.1, segment_s=0.02, loss=0.0)
    assert connection().waits_s(1000, slow, 0.0, random.Random(1)) == 0.0


def test_an_open_window_stays_open_while_it_is_used_and_halves_with_each_timeout_without() -> None:
    one = connection()
    one.waits_s(70, CLEAN, 0.0, random.Random(1))
    assert one.waits_s(70, CLEAN, 0.35, random.Random(1)) == 0.0
    opened = one.window
    one.waits_s(1, CLEAN, one.used_s + 0.35, random.Random(1))
    assert one.window <= opened / 2
    one.waits_s(1, CLEAN, one.used_s + 60, random.Random(1))
    assert one.window == 10


def test_a_loss_halves_the_window_and_growth_is_slow_from_there() -> None:
    one, lossy = connection(window=64.0), Path(0.1, 0.0, 1.0)
    one.waits_s(1, lossy, 0.0, random.Random(1))
    assert one.window == 32
    one.waits_s(32, CLEAN, 0.0, random.Random(1))
    assert one.window == 33


@given(st.integers(1, 500), st.floats(0, 0.05), st.integers(0, 9))
def test_windows_stay_whole_and_waits_never_go_back(segments: int, loss: float, seed: int) -> None:
    one, draw, now_s = Connection(0.0, 0.0), random.Random(seed), 0.0
    for _ in range(20):
        waited_s = one.waits_s(segments, Path(0.05, 0.0002, loss), now_s, draw)
        assert waited_s >= 0
        assert one.window >= 2
        now_s += 0.1
