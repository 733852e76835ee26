"""A share of requests is admitted evenly, and without chance."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from telcoai.model.admission import is_admitted


@given(st.floats(0, 1), st.integers(0, 400))
def test_of_the_first_n_requests_the_share_is_admitted(share: float, count: int) -> None:
    assert sum(is_admitted(number, share) for number in range(count)) == math.floor(count * share)


@given(st.integers(0, 10**9))
def test_all_or_none_are_just_that(number: int) -> None:
    assert is_admitted(number, 1.0)
    assert not is_admitted(number, 0.0)


@given(st.floats(0.01, 1), st.integers(0, 10**6))
def test_nobody_waits_longer_than_the_share_makes_one(share: float, first: int) -> None:
    longest = math.ceil(1 / share) + 1
    assert any(is_admitted(number, share) for number in range(first, first + longest))
