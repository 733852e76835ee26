from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.model.workload import NO_EXIT, ExitPoint, Variant
from telcoai.strategy.exits import NEVER, forecast, keeping, never, options

from .conftest import variant, workload

ONE = variant("one", "fp32", 96, 100, 0.9)


def with_exits(*exits: ExitPoint) -> Variant:
    return Variant("made", "fp32", 96, 27648, ONE.stages, exits)


def test_without_early_exits_all_reach_the_end_at_the_last_accuracy() -> None:
    found = forecast(ONE, never(ONE))
    assert found.leave == (0.0, 0.0, 1.0)
    assert found.accuracy == pytest.approx(0.9)


def test_shares_are_nested_and_errors_replaced_in_proportion() -> None:
    made = with_exits(ExitPoint(0.8, {0.9: (0.4, 0.95)}), ExitPoint(0.9, {0.9: (0.7, 0.97)}), ExitPoint(0.9, {}))
    found = forecast(made, (0.9, 0.9))
    assert found.leave == pytest.approx((0.4, 0.3, 0.3))
    assert found.reach == pytest.approx((1.0, 0.6, 0.3))
    first = 0.4 * 0.05
    second = 0.7 * 0.03 - first / 2
    last = 0.1 - (first / 2 + second)
    assert found.accuracy == pytest.approx(1 - first - second - last)


def test_a_threshold_between_two_rows_takes_the_higher_one() -> None:
    assert forecast(ONE, (0.6, NEVER)) == forecast(ONE, (0.8, NEVER))


def test_a_threshold_above_the_table_lets_nobody_leave() -> None:
    assert forecast(ONE, (0.99, NEVER)).leave[0] == 0.0


def test_an_exit_that_fewer_pass_than_the_one_before_lets_nobody_leave() -> None:
    made = with_exits(ExitPoint(0.8, {0.5: (0.9, 0.85)}), ExitPoint(0.9, {0.9: (0.5, 0.99)}), ExitPoint(0.9, {}))
    assert forecast(made, (0.5, 0.9)).leave == pytest.approx((0.9, 0.0, 0.1))


def test_options_kept_meet_the_accuracy_and_none_is_beaten_by_another() -> None:
    found = keeping(workload().variants, 0.86, 0.01)
    assert found
    assert all(option.forecast.accuracy >= 0.87 for option in found)
    for one in found:
        rivals = [o for o in found if o.variant == one.variant and o != one]
        assert not any(all(a <= b for a, b in zip(o.forecast.reach, one.forecast.reach, strict=True)) for o in rivals)


def test_the_forecast_is_near_the_truth_on_correlated_exits() -> None:
    """Three exits that look at one difficulty with less and less noise, as exits of one network do."""
    made, confidence, correct = _simulated(20_000)
    for option in options(made):
        exits = [np.asarray(c >= t) for c, t in zip(confidence, (*option.thresholds, 0.0), strict=True)]
        taken = np.argmax(np.stack(exits), axis=0)
        truth = np.choose(taken, correct).mean()
        shares = [(taken == k).mean() for k in range(3)]
        assert option.forecast.accuracy == pytest.approx(truth, abs=0.01)
        assert option.forecast.leave == pytest.approx(shares, abs=0.08)


def _simulated(count: int) -> tuple[Variant, list[np.ndarray], list[np.ndarray]]:
    chance = np.random.default_rng(1)
    ease, confidence, correct = chance.normal(1.2, 1.0, count), [], []
    shared = chance.uniform(size=count)
    for noise, lift in ((0.6, 0.0), (0.4, 0.8), (0.3, 1.2)):
        seen = ease + lift + chance.normal(0, noise, count)
        sure = 1 / (1 + np.exp(-1.6 * seen))
        confidence.append(sure)
        correct.append(0.7 * shared + 0.3 * chance.uniform(size=count) < sure)
    exits = tuple(_calibrated(c, r) for c, r in zip(confidence, correct, strict=True))
    return with_exits(*exits), confidence, correct


def _calibrated(confidence: np.ndarray, correct: np.ndarray) -> ExitPoint:
    sure = {t: confidence >= t for t in (0.6, 0.8, 0.9, 0.95)}
    table = {t: (float(s.mean()), float(correct[s].mean())) for t, s in sure.items()}
    return ExitPoint(float(correct.mean()), table)


shares = st.floats(0, 1)
points = st.builds(lambda acc, share, sure: ExitPoint(acc, {0.5: (share, sure)}), shares, shares, shares)


@given(points, points, points, st.sampled_from([0.5, NEVER]), st.sampled_from([0.5, NEVER]))
def test_a_forecast_is_always_made_of_shares(
    one: ExitPoint, two: ExitPoint, three: ExitPoint, first: float, second: float
) -> None:
    found = forecast(with_exits(one, two, three), (first, second))
    assert sum(found.leave) == pytest.approx(1.0)
    assert all(0 <= share <= 1 + 1e-9 for share in (*found.leave, *found.reach))
    assert -1e-9 <= found.accuracy <= 1 + 1e-9


def test_a_stage_without_an_exit_changes_no_forecast() -> None:
    first, last = ExitPoint(0.8, {0.9: (0.4, 0.95)}), ExitPoint(0.9, {})
    short = Variant("short", "fp32", 96, 27648, ONE.stages[:2], (first, last))
    between, plain = forecast(with_exits(first, NO_EXIT, last), (0.9, NEVER)), forecast(short, (0.9,))
    assert between.leave == (plain.leave[0], 0.0, plain.leave[1])
    assert between.accuracy == pytest.approx(plain.accuracy)


def test_a_stage_without_an_exit_has_no_threshold_to_choose() -> None:
    assert [option.thresholds for option in options(with_exits(NO_EXIT, NO_EXIT, ExitPoint(0.9, {})))] == [
        (NEVER, NEVER)
    ]
