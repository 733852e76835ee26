from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.strategy.ridge import Ridge

vectors = st.lists(st.floats(-1, 1), min_size=3, max_size=3)


@given(st.lists(st.tuples(vectors, st.floats(0, 1)), max_size=20), vectors)
def test_it_is_the_regression_that_is_solved_at_once(seen: list[tuple[list[float], float]], asked: list[float]) -> None:
    ridge, x = Ridge(3, 0.5), np.array(asked)
    for features, value in seen:
        ridge.observe(np.array(features), value)
    rows = np.array([features for features, _ in seen]).reshape(-1, 3)
    values = np.array([value for _, value in seen])
    whole = 0.5 * np.eye(3) + rows.T @ rows
    assert ridge.predicted(x) == pytest.approx(float(x @ np.linalg.solve(whole, rows.T @ values)), abs=1e-6)
    assert ridge.deviation(x) == pytest.approx(float(x @ np.linalg.solve(whole, x)) ** 0.5, abs=1e-6)


def test_what_is_on_its_way_narrows_the_bounds_and_changes_no_prediction() -> None:
    ridge, x = Ridge(2, 0.1), np.array([1.0, 0.5])
    ridge.observe(x, 0.7)
    before, width = ridge.predicted(x), ridge.deviation(x)
    ridge.expect(x)
    assert ridge.predicted(x) == pytest.approx(before)
    assert ridge.deviation(x) < width
    assert ridge.seen == 1
