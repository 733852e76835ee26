"""Medians, quartiles, and what speaks against them."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from telcoai.profiling.spread import spread_of, warnings
from tests.unit.profiling.timings import MACHINE, measurement, runs


@given(st.lists(st.integers(1, 10**10), min_size=1, max_size=60))
def test_the_median_lies_between_its_quartiles_and_they_among_the_runs(taken):
    found = spread_of(taken)
    assert min(taken) / 1e9 <= found.low_s <= found.median_s <= found.high_s <= max(taken) / 1e9
    assert found.runs == len(taken)
    assert found.share >= 0


def test_steady_runs_on_a_quiet_machine_are_not_warned_of():
    assert warnings(measurement()) == []


def test_quartiles_far_apart_are_told_with_the_worst_stage():
    stages = {"small-fp32": (runs(2.0), runs(2.0, wiggle=0.3), runs(2.0, wiggle=0.25))}
    (said,) = warnings(measurement(stages=stages))
    assert said.startswith("quartiles of 2 of 3 stages")
    assert "worst: stage 1 of small-fp32" in said


def test_a_machine_that_gets_slower_is_told():
    slower = runs(2.0, 10) + runs(2.4, 10)
    said = warnings(measurement(stages={"small-fp32": (slower,) * 3}))
    assert any("second half of the runs was 20% slower" in line for line in said)


def test_cores_that_others_had_are_told():
    (said,) = warnings(measurement(core_share=0.6))
    assert said.startswith("only 60% of 4 cores' time was to be had")


def test_other_load_and_a_clock_that_follows_it_are_told():
    machine = dataclasses.replace(MACHINE, load=2.0, governor="ondemand, performance")
    said = warnings(measurement(machine))
    assert [line.split()[:3] for line in said] == [["the", "load", "average"], ["the", "governor", "is"]]
