"""Windows in which requirements were met."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.model.requirements import Requirements
from telcoai.report.requirements import Requests, in_force, requests_of, share_met, window_met


def rows(latency_ms: list[float], correct: list[bool] | None = None, energy_j: float = 1.0) -> Requests:
    """One window; NaN latency is a request that failed."""
    answered = [not math.isnan(value) for value in latency_ms]
    return requests_of(
        pd.DataFrame(
            {
                "latency_ms": latency_ms,
                "answered": answered,
                "correct": correct or answered,
                "energy_j": [energy_j] * len(latency_ms),
            }
        )
    )


@pytest.mark.parametrize(
    ("late", "percentile", "met"), [(1, 95, True), (2, 95, False), (5, 75, True), (6, 75, False), (1, 100, False)]
)
def test_the_percentile_decides_how_many_of_twenty_may_be_late(late: int, percentile: float, met: bool) -> None:
    window = rows([10.0] * (20 - late) + [99.0] * late)
    assert window_met(window, Requirements(percentile=percentile, deadline_ms=50)) is met


def test_a_failed_request_is_infinitely_late() -> None:
    asked = Requirements(percentile=95, deadline_ms=50)
    assert window_met(rows([10.0] * 19 + [math.nan]), asked)
    assert not window_met(rows([10.0] * 18 + [math.nan] * 2), asked)


def test_accuracy_counts_answers_only_and_needs_one() -> None:
    asked = Requirements(accuracy_min=0.5)
    assert window_met(rows([1.0, 1.0, math.nan], [True, False, False]), asked)
    assert not window_met(rows([math.nan]), asked)


def test_energy_is_the_mean_over_the_requests_of_the_window() -> None:
    assert window_met(rows([1.0], energy_j=1.5), Requirements(energy_per_request_j=1.5))
    assert not window_met(rows([1.0], energy_j=1.6), Requirements(energy_per_request_j=1.5))
    assert not window_met(rows([1.0], energy_j=math.nan), Requirements(energy_per_request_j=1.5))


def test_a_change_counts_from_the_time_asked_for() -> None:
    before, after = Requirements(deadline_ms=150), Requirements(deadline_ms=80)
    phases = [(-math.inf, before), (15.0, after)]
    assert in_force(phases, 14.0) is before
    assert in_force(phases, 15.0) is after
    assert in_force([], 1.0) is None


@given(st.lists(st.floats(0.1, 200), min_size=1, max_size=60), st.floats(1, 100), st.floats(1, 200))
def test_a_longer_deadline_never_breaks_a_window_that_was_met(
    latency_ms: list[float], percentile: float, deadline_ms: float
) -> None:
    window = rows(latency_ms)
    strict = window_met(window, Requirements(percentile=percentile, deadline_ms=deadline_ms))
    relaxed = window_met(window, Requirements(percentile=percentile, deadline_ms=deadline_ms * 1.5))
    assert relaxed or not strict


def test_a_period_is_met_when_no_service_of_it_is_missed() -> None:
    assert share_met([(0.0, True), (0.0, False), (1.0, True), (1.0, True), (2.0, True)]) == pytest.approx(2 / 3)
    assert math.isnan(share_met([]))


@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0, 2.0]), st.booleans()), min_size=1))
def test_more_services_never_make_more_periods_met(verdicts: list[tuple[float, bool]]) -> None:
    starts = {start_s for start_s, _ in verdicts}
    one_more = [*verdicts, *((start_s, False) for start_s in starts)]
    assert share_met(one_more) == 0 <= share_met(verdicts) <= 1
