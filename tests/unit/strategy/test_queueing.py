from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.strategy.queueing import backlog_wait_s, erlang_c, wait_s


def test_one_server_half_busy_waits_half_a_service() -> None:
    assert wait_s(0.5, 1.0) == pytest.approx(0.5)


def test_two_servers_offered_one_erlang_make_a_third_wait() -> None:
    assert erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert wait_s(0.5, 1.0, 2) == pytest.approx(1 / 3 / 2 / (2 * 0.5))


def test_nobody_waits_at_an_idle_node() -> None:
    assert wait_s(0.0, 1.0, 4) == 0.0


def test_an_overload_waits_for_its_growing_backlog() -> None:
    assert wait_s(1.95, 0.01) > 5.0


def test_a_backlog_of_half_a_period_delays_by_an_eighth_of_a_period() -> None:
    assert backlog_wait_s(0.5, 1.0) == pytest.approx(0.125)
    assert backlog_wait_s(3.0, 1.0) == pytest.approx(2.5)


@given(st.floats(0, 5), st.floats(0, 5), st.floats(1e-4, 1), st.integers(1, 64))
def test_more_load_never_waits_less(one: float, two: float, service_s: float, servers: int) -> None:
    low, high = sorted((one, two))
    assert wait_s(low, service_s, servers) <= wait_s(high, service_s, servers) + 1e-9


@given(st.floats(0, 1.5), st.floats(1e-4, 1), st.integers(1, 64))
def test_a_wait_is_finite_and_never_negative(utilisation: float, service_s: float, servers: int) -> None:
    assert 0 <= wait_s(utilisation, service_s, servers) < math.inf
