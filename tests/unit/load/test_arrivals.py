from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.errors import InputError
from telcoai.load.schedule import make_samples, make_schedule
from telcoai.model.scenario import Demand

RANDOM = {
    "poisson": {},
    "gamma": {"cv": 3.0},
    "ramp": {"to_per_s": 300.0, "over_s": 40.0},
    "diurnal": {"period_s": 20.0, "amplitude": 0.8},
}
rates = st.just(0.0) | st.floats(1e-6, 500)
seeds = st.integers(0, 2**32)


@st.composite
def demands(draw: st.DrawFn) -> Demand:
    arrival = draw(st.sampled_from(["constant", "poisson", "gamma", "ramp", "diurnal"]))
    parameters = {
        "constant": {"phase": draw(st.floats(0, 0.999))} if draw(st.booleans()) else {},
        "poisson": {},
        "gamma": {"cv": draw(st.floats(0.1, 8))},
        "ramp": {"to_per_s": draw(rates), "over_s": draw(st.floats(0.01, 50))},
        "diurnal": {"period_s": draw(st.floats(0.1, 50)), "amplitude": draw(st.floats(0, 1))},
    }[arrival]
    return Demand(arrival, draw(rates), draw(st.floats(0, 12)), parameters)


@given(st.lists(demands(), min_size=1, max_size=4), st.floats(0, 8), st.floats(0, 3), seeds)
def test_any_schedule_is_sorted_within_bounds_and_the_same_again(
    changes: list[Demand], duration_s: float, warmup_s: float, seed: int
) -> None:
    due = make_schedule(changes, duration_s, warmup_s, seed)
    assert due.dtype == np.int64
    assert np.all(np.diff(due) >= 0)
    assert due.size == 0 or (due[0] >= 0 and due[-1] < round((duration_s + warmup_s) * 1e9) + 2)
    assert np.array_equal(due, make_schedule(changes, duration_s, warmup_s, seed))


@given(st.floats(0.5, 2000), st.floats(0, 0.999), st.floats(0.1, 5))
def test_constant_means_constant(rate: float, phase: float, duration_s: float) -> None:
    due = make_schedule([Demand("constant", rate, parameters={"phase": phase})], duration_s, 0, 1)
    assert abs(due.size - rate * duration_s) <= 1
    assert np.all(np.abs(np.diff(due) - 1e9 / rate) <= 1)
    assert due.size == 0 or abs(due[0] - phase * 1e9 / rate) <= 1


def test_constant_devices_of_different_seeds_do_not_fire_in_step() -> None:
    firsts = {int(make_schedule([Demand("constant", 5)], 1, 0, seed)[0]) for seed in range(20)}
    assert len(firsts) == 20


@pytest.mark.parametrize("arrival", RANDOM)
def test_mean_counts_are_those_of_the_integrated_rate(arrival: str) -> None:
    demand = Demand(arrival, 100, parameters=RANDOM[arrival])
    counts = [make_schedule([demand], 40, 0, seed).size for seed in range(60)]
    expected = 40 * 200 if arrival == "ramp" else 4000
    assert abs(np.mean(counts) - expected) < 0.02 * expected


def test_gamma_gaps_have_the_burstiness_asked_for() -> None:
    gaps = np.diff(make_schedule([Demand("gamma", 1000, parameters={"cv": 2.5})], 200, 0, 3))
    assert abs(np.std(gaps) / np.mean(gaps) - 2.5) < 0.1


def test_poisson_gaps_vary_as_much_as_their_mean() -> None:
    gaps = np.diff(make_schedule([Demand("poisson", 1000)], 100, 0, 3))
    assert abs(np.std(gaps) / np.mean(gaps) - 1) < 0.03


def test_a_ramp_follows_its_line_and_stays_at_its_end() -> None:
    demand = Demand("ramp", 0, parameters={"to_per_s": 1000, "over_s": 10})
    seconds = np.bincount(make_schedule([demand], 15, 5, 1) // 1_000_000_000, minlength=20)
    assert seconds[:5].sum() == 0
    assert np.all(np.abs(seconds[5:15] - (np.arange(10) + 0.5) * 100) < 130)
    assert np.all(np.abs(seconds[15:] - 1000) < 150)


def test_a_falling_ramp_ends_at_nothing() -> None:
    demand = Demand("ramp", 500, parameters={"to_per_s": 0, "over_s": 2})
    due = make_schedule([demand], 10, 0, 1)
    assert due[-1] < 2e9
    assert abs(due.size - 500) < 100


def test_a_day_of_full_amplitude_has_its_noon_and_its_midnight() -> None:
    demand = Demand("diurnal", 1000, parameters={"period_s": 20, "amplitude": 1})
    seconds = np.bincount(make_schedule([demand], 20, 0, 1) // 1_000_000_000, minlength=20)
    assert seconds[5] > 1800
    assert seconds[15] < 100


@given(st.floats(0.5, 9), seeds)
def test_a_change_splits_the_schedule_and_leaves_what_came_before(at_s: float, seed: int) -> None:
    before, after = Demand("poisson", 50), Demand("constant", 200, at_s, {"phase": 0.0})
    due = make_schedule([after, before], 10, 0, seed)
    alone = make_schedule([before, Demand("poisson", 0, at_s)], 10, 0, seed)
    assert np.array_equal(due[: alone.size], alone)
    assert alone.size == due.size or due[alone.size] == round(at_s * 1e9)
    assert abs(due.size - alone.size - (10 - at_s) * 200) <= 1


def test_of_two_demands_at_once_the_last_counts() -> None:
    due = make_schedule([Demand("constant", 10), Demand("constant", 20)], 1, 0, 1)
    assert due.size == 20


@pytest.mark.parametrize(
    ("demand", "words"),
    [
        (Demand("bursts", 1), "unknown arrival 'bursts'"),
        (Demand("poisson", -1), "rate_per_s is -1"),
        (Demand("poisson", float("nan")), "rate_per_s is nan"),
        (Demand("poisson", float("inf")), "rate_per_s is inf"),
        (Demand("gamma", 5e-324, parameters={"cv": 1}), "neither 0 nor 1e-06"),
        (Demand("gamma", 1), "needs the parameter cv"),
        (Demand("gamma", 1, parameters={"cv": 0}), "cv is 0"),
        (Demand("poisson", 1, parameters={"cv": 1}), "has no parameter cv"),
        (Demand("constant", 1, parameters={"phase": 1}), "phase is 1"),
        (Demand("diurnal", 1, parameters={"period_s": 1, "amplitude": 1.5}), "amplitude is 1.5"),
        (Demand("ramp", 1, parameters={"to_per_s": 1}), "needs the parameter over_s"),
        (Demand("trace", 1), "a trace file goes with"),
        (Demand("poisson", 1, trace="x.csv"), "a trace file goes with"),
        (Demand("poisson", 9e6), "more than 50,000,000 requests"),
    ],
)
def test_nonsense_is_refused_in_words(demand: Demand, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make_schedule([demand], 10, 0, 1)


@given(st.integers(0, 300), st.integers(1, 50), seeds)
def test_every_sample_is_sent_equally_often(count: int, samples: int, seed: int) -> None:
    drawn = make_samples(count, samples, seed)
    times = np.bincount(drawn, minlength=samples)
    assert drawn.size == count
    assert times.max() - times.min() <= 1
    assert times.size == samples
