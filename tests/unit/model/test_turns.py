"""Requests take the rows of an assignment in turn."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.model.admission import is_admitted
from telcoai.model.plan import Assignment
from telcoai.model.turns import shares, turn_of


def spread(rows: int, admit: float = 1.0) -> Assignment:
    others = tuple((f"edge-{k}",) for k in range(1, rows))
    return Assignment("vision", "camera", "small", ("edge-0",), (), admit=admit, replicas=others)


@given(st.integers(1, 9), st.floats(0.01, 1), st.integers(0, 10**6), st.integers(0, 300))
def test_of_any_requests_in_a_row_each_row_gets_as_many_admitted_ones_as_the_next(
    rows: int, admit: float, first: int, count: int
) -> None:
    one = spread(rows, admit)
    admitted = [number for number in range(first, first + count) if is_admitted(number, admit)]
    counts = Counter(turn_of(number, one) for number in admitted)
    each = [counts[row] for row in range(rows)]
    assert max(each) - min(each) <= 1
    assert each == [sum(turn_of(number, one) == row for number in admitted) for row in range(rows)]


@given(st.integers(0, 10**9), st.integers(1, 9))
def test_without_refusals_the_number_alone_decides(number: int, rows: int) -> None:
    assert turn_of(number, spread(rows)) == number % rows


@given(st.integers(0, 10**9), st.floats(0, 1))
def test_without_replicas_there_is_one_row(number: int, admit: float) -> None:
    assert turn_of(number, spread(1, admit)) == 0


def test_a_row_that_is_there_twice_has_twice_the_share() -> None:
    one = Assignment("vision", "camera", "small", ("a",), (), replicas=(("b",), ("a",)))
    assert shares(one) == pytest.approx({("a",): 2 / 3, ("b",): 1 / 3})
