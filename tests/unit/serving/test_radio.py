"""Connected time as it goes by, against the account that is made afterwards."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.energy.connected import connected_seconds
from telcoai.serving.radio import Radio

transfers = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 2_000)), max_size=12)


@given(transfers, st.integers(0, 3_000), st.integers(0, 15_000))
def test_it_is_connected_as_long_as_the_account_says(found: list[tuple[int, int]], tail: int, now: int) -> None:
    """Steps of begin and end in the order of time; what has not begun is not known yet, what goes on has no end yet."""
    radio = Radio(tail)
    steps = [(begin, 0, k) for k, (begin, _) in enumerate(found)] + [(b + d, 1, k) for k, (b, d) in enumerate(found)]
    for at, is_end, _ in sorted(steps):
        if at <= now:
            radio.end(at, 7, 3) if is_end else radio.begin(at)
    begun = [(b, b + d) for b, d in found if b <= now]
    start = np.array([b for b, _ in begun], dtype=float)
    end = np.array([e for _, e in begun], dtype=float)
    whole = connected_seconds(start, end, float(tail), (0.0, float(now))).sum()
    assert radio.connected_ns(now) == pytest.approx(whole)
    assert radio.sent_bytes == 7 * sum(e <= now for _, e in begun)
