from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.energy.connected import connected_seconds

WINDOW = (0.0, 100.0)


def parts(spans: list[tuple[float, float]], tail_s: float, window: tuple[float, float] = WINDOW) -> list[float]:
    starts, ends = np.array([s for s, _ in spans]), np.array([e for _, e in spans])
    found: list[float] = connected_seconds(starts, ends, tail_s, window).tolist()
    return found


def test_a_lone_transfer_has_its_own_time_and_the_tail() -> None:
    assert parts([(10, 11)], 5) == [6]


def test_the_latest_transfer_pays_from_its_start_on() -> None:
    assert parts([(10, 11), (12, 13)], 5) == [2, 6]


def test_order_of_the_rows_does_not_matter() -> None:
    assert parts([(12, 13), (10, 11)], 5) == [6, 2]


def test_the_radio_disconnects_between_distant_transfers() -> None:
    assert parts([(10, 11), (50, 51)], 5) == [6, 6]


def test_a_long_transfer_keeps_the_radio_connected_for_a_short_one_inside() -> None:
    assert parts([(10, 30), (15, 16)], 5) == [5, 20]


def test_the_window_cuts_the_tail() -> None:
    assert parts([(98, 99)], 5) == [2]


def test_what_lies_before_the_window_leaves_only_its_tail_inside() -> None:
    assert parts([(-3, -1)], 5) == [4]


def test_no_transfers_no_time() -> None:
    assert parts([], 5) == []


spans = st.lists(st.tuples(st.floats(-20, 120), st.floats(0, 30)).map(lambda s: (s[0], s[0] + s[1])), max_size=15)


@given(spans, st.floats(0, 20))
def test_parts_add_up_to_the_union_of_the_intervals(given_spans: list[tuple[float, float]], tail_s: float) -> None:
    assert sum(parts(given_spans, tail_s)) == pytest.approx(_union(given_spans, tail_s), abs=1e-6)


@given(spans, st.floats(0, 20), st.floats(0, 20))
def test_a_longer_tail_never_connects_for_less(given_spans: list[tuple[float, float]], one: float, two: float) -> None:
    short, long = sorted((one, two))
    assert sum(parts(given_spans, short)) <= sum(parts(given_spans, long)) + 1e-6


def _union(given_spans: list[tuple[float, float]], tail_s: float) -> float:
    """Length of the union, found by looking at each piece between two edges."""
    clipped = [(max(0.0, s), min(100.0, e + tail_s)) for s, e in given_spans]
    edges = sorted({edge for span in clipped for edge in span})
    pieces = pairwise(edges)
    return sum(b - a for a, b in pieces if any(s <= a and b <= e for s, e in clipped))
