"""Intervals and tests for a few runs: what is known by hand, and what they keep over many made-up experiments."""

from __future__ import annotations

import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.report.intervals import LEVEL, estimate, holm, least_pairs, sign_test

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("runs", "confidence", "ends"),
    [(1, 0.0, (0, 0)), (2, 0.5, (0, 1)), (5, 0.9375, (0, 4)), (6, 0.96875, (0, 5)), (9, 0.9609375, (1, 7))],
)
def test_the_interval_lies_between_the_values_that_tables_of_the_sign_test_give(
    runs: int, confidence: float, ends: tuple[int, int]
) -> None:
    found = estimate(range(runs))
    assert (found.low, found.high) == ends
    assert found.confidence == confidence
    assert found.tells is (runs >= 6)


@given(VALUES)
def test_the_interval_holds_the_median_and_lies_within_the_range(values: list[float]) -> None:
    found = estimate(values)
    assert min(values) <= found.low <= found.median <= found.high <= max(values)
    assert found.median == statistics.median(values)
    assert 0 <= found.confidence < 1 or len(values) > 50


def test_values_that_are_not_known_are_left_out_and_infinite_ones_stay() -> None:
    found = estimate([math.nan, 1.0, math.inf])
    assert (found.low, found.high, found.runs) == (1.0, math.inf, 2)
    assert math.isnan(estimate([math.nan]).median)


@pytest.mark.parametrize("runs", [6, 9, 14])
@pytest.mark.parametrize("skewed", [False, True])
def test_intervals_hold_the_true_median_as_often_as_they_say(runs: int, skewed: bool) -> None:
    """Also where shares pile up at 0 and 1, as those of an accuracy that is kept or not."""
    rng = random.Random(1000 * runs + skewed)
    true = 1.0 if skewed else 0.0

    def draw() -> float:
        return (0.0 if rng.random() < 0.4 else 1.0) if skewed else rng.lognormvariate(0, 2) - 1

    trials = 4000
    found = [estimate([draw() for _ in range(runs)]) for _ in range(trials)]
    share = sum(one.low <= true <= one.high for one in found) / trials
    assert share >= LEVEL - 3 * math.sqrt(LEVEL * (1 - LEVEL) / trials)


@given(VALUES)
def test_the_sign_test_and_the_interval_agree(differences: list[float]) -> None:
    found = estimate(differences)
    if found.tells:
        clear = found.low > 0 or found.high < 0
        assert (sign_test(differences) <= 1 - found.confidence + 1e-12) is clear


@pytest.mark.parametrize(
    ("differences", "p"), [([1.0], 1.0), ([1.0] * 5, 0.0625), ([1.0] * 6, 0.03125), ([1.0] * 5 + [0.0], 0.21875)]
)
def test_p_of_the_sign_test_is_exact(differences: list[float], p: float) -> None:
    assert sign_test(differences) == pytest.approx(p)


def test_holm_multiplies_the_least_p_most() -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "c": 0.06, "b": 0.06})
    assert holm({}) == {}


@given(st.dictionaries(st.integers(), st.floats(0, 1), min_size=1, max_size=12))
def test_holm_keeps_the_order_and_lies_between_p_and_bonferroni(ps: dict[int, float]) -> None:
    found = holm(ps)
    for key, p in ps.items():
        assert p <= found[key] <= min(1.0, len(ps) * p) + 1e-12
        assert all(found[other] >= found[key] for other in ps if ps[other] > p)


def test_more_comparisons_take_more_pairs() -> None:
    assert [least_pairs(tests) for tests in (1, 3, 10, 45)] == [6, 7, 9, 11]
