"""Bursts are told from chance, and from rates that change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.orchestrator.bursts import PERIODS, Bursts, dispersion


def counts(seed: int, mean: float, burst: int = 1, devices: int = 10, periods: int = PERIODS) -> list[dict[str, int]]:
    """Counts of compound Poisson arrivals: bursts by Poisson, a geometric number in each."""
    draw = np.random.default_rng(seed)
    found = []
    for _ in range(periods):
        bursts = draw.poisson(mean / burst, devices)
        found.append({f"d{k}": int(draw.geometric(1 / burst, n).sum()) for k, n in enumerate(bursts)})
    return found


@pytest.mark.parametrize("mean", [0.5, 5.0, 50.0])
def test_poisson_counts_are_seldom_taken_for_anything_else(mean):
    found = np.array([dispersion(counts(seed, mean)) for seed in range(200)])
    assert np.mean(found != 1) < 0.1
    assert 0.8 < min(found) <= max(found) < 1.2


def test_bursts_are_seen_a_little_smaller_than_they_are():
    found = [dispersion(counts(seed, 5.0, burst=5)) for seed in range(50)]
    assert 6 < np.median(found) < 9, "bursts of five have the index 9"


def test_a_rate_that_rises_is_no_burst():
    steps = np.linspace(5, 50, PERIODS)
    assert dispersion([{"d": round(each)} for each in steps]) < 1.0


def test_regular_arrivals_are_told_from_chance():
    assert dispersion([{"d": 10}] * PERIODS) == 0.0
    assert 0 < dispersion([{"d": 10 + k % 2} for k in range(PERIODS)]) < 0.1


def test_a_device_that_was_not_heard_of_is_left_out_of_the_pairs():
    assert dispersion([{"a": 5, "b": 0}, {"a": 5}, {"a": 5, "b": 90}, {"a": 5}] * 10) == 0.0


@pytest.mark.parametrize("few", [[], [{}] * 30, [{"d": 0}] * 30, [{"d": 0}, {"d": 90}] * 5])
def test_nothing_is_said_of_little(few):
    assert dispersion(few) == 1.0


def test_the_latest_periods_count_and_a_service_that_left_is_forgotten():
    seen = Bursts()
    for each in counts(1, 5.0, burst=5) + [{"d0": 5}] * PERIODS:
        seen.count("vision", each)
    assert seen.dispersion("vision") == 0.0
    for each in counts(1, 5.0, burst=5):
        seen.count("vision", each)
    assert seen.dispersion("vision") > 1
    seen.forget("vision")
    assert seen.dispersion("vision") == 1.0


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 1000)), max_size=40))
def test_it_is_never_negative_and_finite(some):
    assert 0 <= dispersion(some) < 1e7
