"""What is claimed of two strategies, and what isn't."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path

import pytest

from telcoai.report.pairs import JOULES, MET, Difference, difference_table, differences, say
from telcoai.report.run import read_run
from telcoai.report.standings import Standing
from telcoai.report.summary import RunSummary, summarise


@pytest.fixture(scope="module")
def plain(four: Path) -> RunSummary:
    return summarise(read_run(four / "edge-only-r1"))


def standing(plain: RunSummary, name: str, met: list[float], joules: list[float] | None = None) -> Standing:
    """A strategy with a run for each figure, repetitions from 1 on."""
    runs = [
        dataclasses.replace(
            plain,
            strategy=name,
            repetition=k + 1,
            requirements_met=share,
            joules_per_correct_on_time=(joules or met)[k],
        )
        for k, share in enumerate(met)
    ]
    return Standing(name, (), tuple(runs), len(runs))


def of(found: tuple[Difference, ...], figure: str) -> Difference:
    return next(one for one in found if one.figure == figure)


def test_six_pairs_that_all_point_one_way_are_enough_for_two_strategies(plain: RunSummary) -> None:
    one = standing(plain, "one", [0.9, 0.91, 0.92, 0.93, 0.94, 0.95], [1.0] * 6)
    other = standing(plain, "other", [0.8, 0.85, 0.84, 0.83, 0.82, 0.81], [2.0, 2.0, 2.0, 2.0, 1.25, 2.0])
    met, joules = (of(differences((one, other)), figure) for figure in (MET, JOULES))
    assert met.claimed
    assert say(met, "modelled") == (
        "one meets its requirements in more of the time than other, by 6.0 to 14.0 points "
        "(96 %, 6 pairs of runs; one comparison)."
    )
    assert say(joules, "modelled") == (
        "one takes fewer joules per correct answer on time than other, by 20.0% to 50.0% (modelled; 96 %, 6 pairs of "
        "runs; one comparison)."
    )
    turned = differences((other, one))
    assert say(of(turned, MET), "modelled") == say(met, "modelled")
    assert say(of(turned, JOULES), "modelled") == say(joules, "modelled")


@pytest.mark.parametrize("pairs", [1, 3, 5])
def test_fewer_pairs_claim_nothing_however_clear_they_are(plain: RunSummary, pairs: int) -> None:
    found = differences((standing(plain, "one", [0.9] * pairs), standing(plain, "other", [0.1] * pairs)))
    assert not any(one.claimed for one in found)
    told = say(of(found, MET), "modelled")
    assert told.startswith("No difference in requirements met can be claimed between one and other: +80.0 points")
    assert "at least 6 are needed" in told


def test_runs_are_paired_by_repetition_and_those_without_a_partner_are_left_out(plain: RunSummary) -> None:
    one = standing(plain, "one", [0.5, 0.6, 0.7])
    late = standing(plain, "late", [0.9, 0.4, 0.6])
    late = dataclasses.replace(late, summaries=late.summaries[1:])
    met = of(differences((one, late)), MET)
    assert met.pairs == 2
    assert (met.low, met.high) == (pytest.approx(10.0), pytest.approx(20.0))


def test_alike_in_every_pair_is_said_as_that(plain: RunSummary) -> None:
    found = differences((standing(plain, "one", [0.5] * 3), standing(plain, "other", [0.5] * 3)))
    assert say(of(found, MET), "") == "one and other meet their requirements as often in each of 3 pairs of runs."


def test_with_more_strategies_more_pairs_are_needed(plain: RunSummary) -> None:
    many = tuple(standing(plain, f"s{k}", [0.1 * k] * 6) for k in range(5))
    found = differences(many)
    assert len([one for one in found if one.figure == MET]) == 10
    assert not any(one.claimed for one in found)
    nine = differences(tuple(standing(plain, f"s{k}", [0.1 * k] * 9) for k in range(5)))
    assert all(one.claimed for one in nine if one.figure == MET)


def test_strategies_that_do_not_differ_are_hardly_ever_told_apart(plain: RunSummary) -> None:
    """Any false claim among all pairs of four strategies in one figure: at most 5 % of experiments."""
    rng = random.Random(5)
    trials, wrong = 300, 0
    for _ in range(trials):
        alike = tuple(standing(plain, f"s{k}", [rng.random() for _ in range(9)], [1.0] * 9) for k in range(4))
        wrong += any(one.claimed for one in differences(alike) if one.figure == MET)
    assert wrong / trials <= 0.05 + 3 * (0.05 * 0.95 / trials) ** 0.5


def test_the_table_has_a_text_for_every_heading_and_no_row_for_one_pair_of_runs(plain: RunSummary) -> None:
    heads, rows = difference_table(differences((standing(plain, "a", [0.5] * 2), standing(plain, "b", [0.4] * 2))))
    assert [len(row) for row in rows] == [len(heads)] * 2
    assert difference_table(differences((standing(plain, "a", [0.5]), standing(plain, "b", [0.4]))))[1] == []
