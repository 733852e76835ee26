"""How soon strategies answer changes, in cases that can be read off a run's folder."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from telcoai.report.reaction import _first_after, _until_met, median_until_met_s, reactions
from telcoai.report.requirements import windows
from telcoai.report.run import read_run
from tests.unit.report.made_up import CHANGE_S, STRATEGIES, STRICTER_S


@pytest.mark.parametrize(
    ("missed", "until"),
    [
        ([], 0.0),
        ([3.0, 20.0], 0.0),
        ([10.0], 0.5),
        ([10.0, 11.0, 12.0], 2.5),
        ([10.0, 14.0], 4.5),
        ([18.0, 19.0], math.inf),
    ],
)
def test_requirements_are_met_again_once_no_window_is_missed_any_more(missed: list[float], until: float) -> None:
    assert _until_met(missed, (10.5, 20.0), 1.0) == until


def test_the_first_new_plan_counts_and_only_until_the_next_change() -> None:
    assert _first_after([1.0, 4.0, 9.0], 3.5, 8.0) == 0.5
    assert math.isnan(_first_after([1.0, 9.0], 3.5, 8.0))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_each_change_of_a_run_has_its_reaction(four: Path, strategy: str) -> None:
    run = read_run(four / f"{strategy}-r1")
    found = reactions(run)
    assert [round(one.at_s) for one in found] == [CHANGE_S, STRICTER_S]
    missed = [start_s for _, start_s, met in windows(run) if not met]
    assert (found[1].met_s == 0) == (not any(start_s >= STRICTER_S - 1 for start_s in missed))
    assert median_until_met_s(run) in [one.met_s for one in found]
