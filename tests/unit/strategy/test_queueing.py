from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.strategy.queueing import ahead, backlog_wait_s, erlang_c, wait_s


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


def test_a_poisson_stream_has_no_burst_ahead() -> None:
    assert ahead(1.0, 1.0, 1) == 0.0


def test_of_bursts_of_five_on_average_four_are_ahead_of_one_and_take_turns_at_servers() -> None:
    assert ahead(9.0, 1.0, 1) == pytest.approx(4.0), "a geometric burst of mean 5 has the index 2 × 5 - 1"
    assert ahead(9.0, 0.5, 1) == pytest.approx(2.0), "thinned by half"
    assert ahead(9.0, 1.0, 4) == pytest.approx(sum(0.8**ahead for ahead in range(4, 400, 4)))


def test_bursts_wait_as_drawn() -> None:
    """Compound Poisson arrivals at one constant server: what is ahead of each, and what is left of those before."""
    draw, gap, size, served = np.random.default_rng(5), 10.0, 5, 1.0
    bursts = draw.geometric(1 / size, 40_000)
    times = np.repeat(np.cumsum(draw.exponential(gap, bursts.size)), bursts)
    starts = np.maximum.accumulate(times - served * np.arange(times.size)) + served * np.arange(times.size)
    load, index = served * size / gap, 2 * size - 1
    expected = wait_s(load, served * index) + ahead(index, 1.0, 1) * served
    assert float(np.mean(starts - times)) == pytest.approx(expected, rel=0.05)


@given(st.floats(1, 50), st.floats(1, 50), st.floats(0, 1), st.integers(1, 64))
def test_more_of_a_burst_is_never_fewer_ahead(one: float, two: float, share: float, servers: int) -> None:
    low, high = sorted((one, two))
    assert ahead(low, share, servers) <= ahead(high, share, servers) + 1e-12
    assert ahead(high, share, servers + 1) <= ahead(high, share, servers) + 1e-12


@given(st.floats(0, 5), st.floats(0, 5), st.floats(1e-4, 1), st.integers(1, 64))
def test_more_load_never_waits_less(one: float, two: float, service_s: float, servers: int) -> None:
    low, high = sorted((one, two))
    assert wait_s(low, service_s, servers) <= wait_s(high, service_s, servers) + 1e-9


@given(st.floats(0, 1.5), st.floats(1e-4, 1), st.integers(1, 64))
def test_a_wait_is_finite_and_never_negative(utilisation: float, service_s: float, servers: int) -> None:
    assert 0 <= wait_s(utilisation, service_s, servers) < math.inf
