"""A run judges itself: each check can fail, and only for its own reason."""

from __future__ import annotations

import dataclasses
import math

import pandas as pd
import pytest

from telcoai.experiment.checks import Evidence, run_checks
from telcoai.model.scenario import Bounds


def samples(lag_ms: float, count: int = 200) -> pd.DataFrame:
    scheduled = pd.Series(range(count), dtype="int64") * 10_000_000
    return pd.DataFrame({"scheduled_ns": scheduled, "sent_ns": scheduled + int(lag_ms * 1e6)})


GOOD = Evidence(
    samples=samples(0.1),
    expected=200,
    recorded=200,
    stage_calls=1000,
    overruns=3,
    replayed_calls=0,
    late_calls=4,
    host_utilisation=(0.2, 0.3, 0.4),
    clock_jump_ms=0.1,
    links_off=(),
    failures=(),
    compute_accounted=0.999,
)


def failed(evidence: Evidence) -> set[str]:
    return {check.name for check in run_checks(evidence, Bounds()) if not check.ok}


def test_a_good_run_passes_all_checks():
    assert failed(GOOD) == set()


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"samples": samples(5.0)}, "driver lag p99"),
        ({"samples": samples(0.1).assign(sent_ns=-1)}, "driver lag p99"),
        ({"overruns": 11}, "overruns"),
        ({"overruns": 3, "replayed_calls": 900}, "overruns"),
        ({"late_calls": 110}, "late stages"),
        ({"host_utilisation": (0.99,) * 10}, "host saturation"),
        ({"host_utilisation": ()}, "host saturation"),
        ({"recorded": 199}, "samples lost"),
        ({"clock_jump_ms": 200.0}, "clock jump"),
        ({"links_off": ("a--b up: too long",)}, "links as asked"),
        ({"failures": ("raised",)}, "plan failures"),
        ({"compute_accounted": 0.97}, "compute accounted"),
        ({"compute_accounted": math.nan}, "compute accounted"),
    ],
)
def test_each_check_fails_alone(change, check):
    assert failed(dataclasses.replace(GOOD, **change)) == {check}


def test_answers_without_any_counted_call_fail():
    nothing = dataclasses.replace(GOOD, stage_calls=0, overruns=0, compute_accounted=math.nan)
    assert failed(nothing) == {"overruns", "compute accounted"}


def test_a_run_in_which_nothing_was_computed_has_no_overruns():
    assert failed(dataclasses.replace(GOOD, stage_calls=0, overruns=0, compute_accounted=1.0)) == set()


def test_a_figure_that_could_not_be_had_fails_and_is_null_in_json():
    checks = run_checks(dataclasses.replace(GOOD, host_utilisation=()), Bounds())
    check = next(one for one in checks if one.name == "host saturation")
    assert math.isnan(check.figure)
    assert check.as_dict()["figure"] is None
    assert check.as_dict()["ok"] is False
