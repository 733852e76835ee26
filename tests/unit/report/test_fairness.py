"""Jain's index."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.report.fairness import jain

SHARES = st.lists(st.integers(0, 1000).map(lambda k: k / 1000), min_size=1, max_size=30).filter(
    lambda shares: max(shares) > 0
)


@given(SHARES)
def test_it_lies_between_one_over_n_and_one(shares: list[float]) -> None:
    assert 1 / len(shares) - 1e-9 <= jain(shares) <= 1 + 1e-9


@given(SHARES, st.floats(0.01, 100))
def test_it_does_not_depend_on_the_scale_or_the_order(shares: list[float], scale: float) -> None:
    assert jain([share * scale for share in reversed(shares)]) == pytest.approx(jain(shares))


@given(st.integers(1, 20), st.integers(0, 20))
def test_k_of_n_served_alike_and_the_rest_not_is_k_over_n(served: int, unserved: int) -> None:
    assert jain([0.7] * served + [0.0] * unserved) == pytest.approx(served / (served + unserved))


def test_nothing_to_share_has_no_index() -> None:
    assert all(math.isnan(jain(shares)) for shares in ([], [0.0, 0.0], [1.0, math.nan]))
