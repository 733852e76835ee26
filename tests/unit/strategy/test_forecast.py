"""What is expected of a rate: chance is smoothed away, changes are not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.model.view import MEASURED_PERIODS
from telcoai.strategy.forecast import expected

AHEAD = 3


def means(rates: list[float], seed: int) -> list[float]:
    """What a view shows of Poisson counts at these rates: means over the last five periods."""
    counts = np.random.default_rng(seed).poisson(rates)
    return [float(np.mean(counts[max(0, end - MEASURED_PERIODS) : end])) for end in range(1, len(counts) + 1)]


def test_one_value_is_all_that_is_known() -> None:
    assert expected([7.0], MEASURED_PERIODS, AHEAD, 1.0) == 7.0


def test_a_steady_rate_is_told_better_than_by_its_newest_value() -> None:
    newest, told = [], []
    for seed in range(200):
        values = means([10.0] * 40, seed)
        newest.append(values[-1])
        told.append(expected(values, MEASURED_PERIODS, AHEAD, 1.0))
    assert np.mean(told) == pytest.approx(10.0, abs=0.3)
    assert np.std(told) < 0.6 * np.std(newest)


def test_a_surge_is_believed_once_it_is_beyond_chance() -> None:
    told = [expected(means([10.0] * 30 + [40.0] * 5, seed), MEASURED_PERIODS, AHEAD, 1.0) for seed in range(50)]
    assert min(told) > 30


def test_a_rise_is_continued_and_a_fall_is_not() -> None:
    rise = [10.0] * 10 + [20.0, 30.0, 40.0, 50.0, 60.0]
    assert expected(rise, MEASURED_PERIODS, AHEAD, 1.0) > 60
    fall = [60.0] * 10 + [50.0, 40.0, 30.0, 20.0, 10.0]
    assert expected(fall, MEASURED_PERIODS, AHEAD, 1.0) == 10


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=60), st.integers(0, 10))
def test_it_is_never_below_nothing_nor_above_a_continued_rise(values: list[float], ahead: int) -> None:
    told = expected(values, MEASURED_PERIODS, ahead, 1.0)
    assert 0 <= told <= max(values) * (1 + ahead / MEASURED_PERIODS) + 1e-6
