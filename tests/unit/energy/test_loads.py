"""Joules of loading models."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.energy.activity import Compute
from telcoai.energy.loads import Load, charge, load_seconds

times = st.floats(-10, 30)


def test_only_what_falls_into_the_window_counts() -> None:
    loads = [Load("edge", -1, 0.5), Load("edge", 3, 4), Load("cloud", 9.5, 12), Load("cam", 11, 12)]
    assert load_seconds(loads, (0, 10)) == {"edge": 1.5, "cloud": 0.5}


@given(st.lists(st.tuples(times, st.floats(0, 5))), times)
def test_windows_side_by_side_count_every_second_once(spans: list[tuple[float, float]], cut: float) -> None:
    loads = [Load("edge", start, start + length) for start, length in spans]
    parts = [load_seconds(loads, window).get("edge", 0.0) for window in ((-50, cut), (cut, 50))]
    assert sum(parts) == pytest.approx(sum(length for _, length in spans), abs=1e-9)


def test_those_who_were_served_share_it_and_nothing_is_lost() -> None:
    per_request = np.zeros(4)
    charge(per_request, {"edge": 3.0, "idle": 4.0}, [Compute(0, "edge", 0.1), Compute(2, "edge", 0.1)], 4)
    assert per_request.tolist() == [2.5, 1.0, 2.5, 1.0]
