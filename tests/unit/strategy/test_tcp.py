"""TCP's windows, in cases that can be counted out."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.strategy.tcp import Connection, Path, lone_s, made_s

CLEAN = Path(round_trip_s=0.1, segment_s=0.0, loss=0.0)
LOSSY = Path(round_trip_s=0.1, segment_s=0.0, loss=0.5, loss_back=0.2)
LOST, KEPT = 0.0, 0.9
"""What is drawn for a segment that LOSSY loses, or lets through."""


class Drawn(random.Random):
    """Draws what it is told to, in turn."""

    def __init__(self, *values: float) -> None:
        super().__init__(1)
        self._values = iter(values)

    def random(self) -> float:
        return next(self._values)


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
    one, lossy = connection(window=64.0), Path(0.1, 0.0, 0.5)
    one.waits_s(1, lossy, 0.0, Drawn(LOST, KEPT, KEPT))
    assert one.window == 32
    one.waits_s(32, CLEAN, 0.0, random.Random(1))
    assert one.window == 33


def test_all_that_is_acknowledged_of_a_transfer_that_the_window_held_up_makes_it_grow() -> None:
    one = connection(window=20.0, threshold=20.0)
    one.waits_s(30, CLEAN, 0.0, random.Random(1))
    assert one.window == pytest.approx(20 + 20 / 20 + 10 / 21), "the last ten as well"
    one = connection(window=20.0, threshold=20.0)
    one.waits_s(19, CLEAN, 0.0, random.Random(1))
    assert one.window == 20, "never full"


def test_a_lost_segment_is_sent_again_after_a_round_trip_and_after_a_timeout_when_that_is_lost_too() -> None:
    once, twice, three = Drawn(LOST, KEPT, KEPT), Drawn(LOST, KEPT, LOST, KEPT), Drawn(LOST, KEPT, LOST, LOST, KEPT)
    assert connection().waits_s(3, LOSSY, 0.0, once) == pytest.approx(0.1)
    assert connection().waits_s(3, LOSSY, 0.0, twice) == pytest.approx(0.1 + 0.3)
    assert connection().waits_s(3, LOSSY, 0.0, three) == pytest.approx(0.1 + 0.3 + 0.6)


def test_the_last_segment_is_probed_for_and_a_single_one_waits_for_the_timeout() -> None:
    assert connection().waits_s(2, LOSSY, 0.0, Drawn(0.5, KEPT, KEPT)) == pytest.approx(0.3)
    assert connection().waits_s(1, LOSSY, 0.0, Drawn(LOST, KEPT, KEPT)) == pytest.approx(0.3)
    assert lone_s(LOSSY, Drawn(KEPT)) == 0.0
    assert lone_s(LOSSY, Drawn(LOST, KEPT)) == pytest.approx(0.3)
    assert lone_s(LOSSY, Drawn(LOST, LOST, KEPT)) == pytest.approx(0.3 + 0.3)
    assert lone_s(LOSSY, Drawn(LOST, LOST, LOST, KEPT)) == pytest.approx(0.3 + 0.3 + 0.6)


def test_making_a_connection_waits_a_second_for_what_is_lost_of_it_either_way() -> None:
    assert made_s(LOSSY, Drawn(KEPT)) == pytest.approx(0.1)
    assert made_s(LOSSY, Drawn(0.55, 0.55, KEPT)) == pytest.approx(0.1 + 1 + 2), "0.6 is lost there or back"


def test_after_a_timeout_the_window_starts_over_and_remembers_half_of_what_it_was() -> None:
    one = connection(window=64.0)
    one.waits_s(3, LOSSY, 0.0, Drawn(LOST, KEPT, LOST, KEPT))
    assert (one.window, one.threshold) == (2, 32)
    other = connection(window=64.0)
    other.start_over()
    other.start_over()
    assert (other.window, other.threshold) == (2, 2)


@given(st.integers(1, 500), st.floats(0, 0.05), st.integers(0, 9))
def test_windows_stay_whole_and_waits_never_go_back(segments: int, loss: float, seed: int) -> None:
    one, draw, now_s = Connection(0.0, 0.0), random.Random(seed), 0.0
    for _ in range(20):
        waited_s = one.waits_s(segments, Path(0.05, 0.0002, loss), now_s, draw)
        assert waited_s >= 0
        assert one.window >= 2
        now_s += 0.1
