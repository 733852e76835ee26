"""Overhead and speeds from stages' times."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcoai.errors import InputError
from telcoai.profiling.fit import Point, fit

FLOPS = st.lists(st.integers(10, 400), min_size=4, max_size=12, unique=True)


def points(flops: list[int], overhead_ms: float, gflops: float, precision: str = "fp32") -> list[Point]:
    return [Point(precision, mega * 1e6, overhead_ms / 1e3 + mega / 1e3 / gflops) for mega in flops]


@settings(deadline=None, max_examples=50)
@given(FLOPS, st.floats(0.0, 5.0), st.floats(0.5, 200.0))
def test_times_that_follow_the_rule_give_it_back(flops, overhead_ms, gflops):
    exact = points(flops, overhead_ms, gflops)
    found = fit(exact)
    assert found.ratios == pytest.approx([1.0] * len(flops), rel=1e-4)
    if overhead_ms < 100 * max(flops) / gflops:  # else the speed hardly shows in the times
        assert found.overhead_s * 1e3 == pytest.approx(overhead_ms, rel=1e-2, abs=1e-2 * max(flops) / gflops)


def test_precisions_share_the_overhead_and_have_a_speed_each():
    found = fit(points([50, 100, 200], 0.4, 10.0) + points([50, 100, 200], 0.4, 40.0, "int8"))
    assert found.overhead_s == pytest.approx(0.4e-3, rel=1e-6)
    assert found.gflops == pytest.approx({"fp32": 10.0, "int8": 40.0}, rel=1e-6)


def test_a_stage_unlike_the_others_does_not_move_it():
    usual = points([50, 75, 100, 150, 200], 0.2, 10.0)
    found = fit([Point("fp32", 60e6, 0.1), *usual])
    assert found.gflops["fp32"] == pytest.approx(10.0, rel=1e-6)
    assert found.ratios[0] > 10
    assert found.deviation == pytest.approx(0.0, abs=1e-6)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.floats(1e6, 1e10), st.floats(1e-5, 10.0)), min_size=1, max_size=8))
def test_overhead_and_speeds_are_finite_and_not_negative_whatever_was_measured(measured):
    found = fit([Point("fp32", flops, seconds) for flops, seconds in measured])
    assert found.overhead_s >= 0
    assert 0 < found.gflops["fp32"] < 1e12


def test_times_that_do_not_grow_with_operations_are_all_speed():
    found = fit([Point("fp32", flops * 1e6, 1e-3) for flops in (50, 100, 200)])
    assert found.overhead_s == 0.0
    assert found.gflops["fp32"] == pytest.approx(100.0)


def test_stages_without_operations_give_no_speed():
    with pytest.raises(InputError, match="no stage has operations"):
        fit([Point("fp32", 0, 1e-3)])
