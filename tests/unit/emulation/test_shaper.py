from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.emulation.shaper import DROPPED, Direction, default_queue_bytes, transmit_ns
from telcoai.model.topology import LinkState

MS = 1_000_000
SECOND = 1_000_000_000

arrivals = st.lists(st.tuples(st.integers(0, 20 * MS), st.integers(20, 1500)), min_size=1, max_size=200)
rates = st.floats(1e4, 1e10)


def pass_all(direction: Direction, gaps: list[tuple[int, int]]) -> list[tuple[int, int, int, int]]:
    """(arrival, size, departure, exit) of each packet; departure and exit are DROPPED where it was."""
    now, rows = 0, []
    for gap, size in gaps:
        now += gap
        when = direction.admit(now, size)
        rows.append((now, size, direction.departure if when >= 0 else DROPPED, when))
    return rows


@given(arrivals, rates)
def test_a_packet_leaves_after_the_one_before_at_the_rate(gaps: list[tuple[int, int]], rate: float) -> None:
    direction = Direction(LinkState(0.0, rate_bps=rate, queue_bytes=10**12), 0)
    previous = 0
    for arrival, size, departure, _ in pass_all(direction, gaps):
        assert departure == max(arrival, previous) + transmit_ns(size, round(rate))
        previous = departure


@given(arrivals, rates, st.integers(1500, 200_000))
def test_the_rate_and_the_queue_are_never_exceeded(gaps: list[tuple[int, int]], rate: float, queue: int) -> None:
    direction = Direction(LinkState(0.0, rate_bps=rate, queue_bytes=queue), 0)
    passed = [row for row in pass_all(direction, gaps) if row[3] != DROPPED]
    for first in range(0, len(passed), 7):
        bits = sum(row[1] for row in passed[first:]) * 8
        begin = passed[first][2] - transmit_ns(passed[first][1], round(rate))
        assert bits <= (passed[-1][2] - begin) * round(rate) / SECOND + 1e-6
    for arrival, size, departure, _ in passed:
        waiting = (departure - arrival) * round(rate) / 8 / SECOND
        assert waiting <= max(queue, size) + len(passed) + 1 + rate / 8 / SECOND


@given(arrivals, rates, st.integers(1500, 200_000))
def test_a_packet_is_dropped_only_when_the_queue_is_full(gaps: list[tuple[int, int]], rate: float, queue: int) -> None:
    direction = Direction(LinkState(0.0, rate_bps=rate, queue_bytes=queue), 0)
    now = 0
    for gap, size in gaps:
        now += gap
        full = direction.waiting_bytes(now) + size > queue and direction.departure > now
        assert (direction.admit(now, size) == DROPPED) == full


@given(arrivals, rates, st.floats(0, 1), st.floats(0, 50), st.floats(0, 50), st.integers(0, 2**64))
def test_packets_are_conserved_and_keep_their_order(
    gaps: list[tuple[int, int]], rate: float, loss: float, delay: float, jitter: float, seed: int
) -> None:
    direction = Direction(LinkState(delay, jitter, rate, loss), seed)
    rows = pass_all(direction, gaps)
    counts = direction.counts
    passed = [row for row in rows if row[3] != DROPPED]
    assert counts.packets == len(passed)
    assert counts.bytes == sum(row[1] for row in passed)
    assert counts.packets + counts.dropped_loss + counts.dropped_queue == len(rows)
    exits = [row[3] for row in passed]
    assert exits == sorted(exits)
    assert all(row[3] >= row[2] for row in passed)


@given(arrivals, st.floats(0, 50), st.integers(0, 2**64))
def test_the_same_seed_gives_the_same_fate(gaps: list[tuple[int, int]], jitter: float, seed: int) -> None:
    state = LinkState(50.0, jitter, 1e6, 0.3)
    assert pass_all(Direction(state, seed), gaps) == pass_all(Direction(state, seed), gaps)


def test_jitter_stays_within_its_bounds() -> None:
    direction = Direction(LinkState(10.0, 3.0, 1e9), 1)
    waits = [direction.admit(t, 100) - t for t in range(0, 1000 * SECOND, SECOND)]
    assert 7 * MS <= min(waits) < 7.5 * MS
    assert 12.5 * MS < max(waits) <= 13 * MS + 1000


def test_reordered_packets_skip_the_delay() -> None:
    direction = Direction(LinkState(10.0, rate_bps=1e9, reorder=1.0), 1)
    assert direction.admit(0, 125) == 1000


def test_a_direction_at_a_node_that_is_down_lets_nothing_through() -> None:
    direction = Direction(LinkState(1.0), 1)
    direction.blocks = 1
    assert direction.admit(0, 100) == DROPPED
    assert direction.counts.dropped_down == 1
    direction.blocks = 0
    assert direction.admit(0, 100) > 0


def test_waiting_packets_go_on_at_the_new_rate() -> None:
    direction = Direction(LinkState(1.0, rate_bps=8e3), 1)
    for _ in range(3):
        direction.admit(0, 1000)
    assert direction.departure == 3 * SECOND
    direction.configure(LinkState(5.0, rate_bps=8e6))
    direction.restart(500 * MS)
    assert [direction.reschedule(1000) for _ in range(3)] == [506 * MS, 507 * MS, 508 * MS]
    assert direction.counts.packets == 3


def test_the_default_queue_holds_50_ms_and_at_least_64_kib() -> None:
    assert default_queue_bytes(1e6) == 65_536
    assert default_queue_bytes(1e9) == 6_250_000


@pytest.mark.parametrize(
    "state",
    [
        LinkState(-1.0),
        LinkState(float("nan")),
        LinkState(0.0, -1.0),
        LinkState(0.0, rate_bps=0.0),
        LinkState(0.0, rate_bps=float("inf")),
        LinkState(0.0, loss=1.1),
        LinkState(0.0, reorder=-0.1),
        LinkState(0.0, queue_bytes=-1),
    ],
)
def test_a_state_that_makes_no_sense_is_refused(state: LinkState) -> None:
    with pytest.raises(ValueError, match="can't be"):
        Direction(state, 0)
