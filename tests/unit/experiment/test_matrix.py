"""Runs are interleaved by the seed, and strategies of a repetition meet the same arrivals."""

from __future__ import annotations

import pytest

from telcoai.errors import InputError
from telcoai.experiment.matrix import RunKey, matrix
from tests.places import small_scenario


def test_every_strategy_is_run_once_a_repetition():
    runs = matrix(small_scenario(repetitions=4))
    for repetition in range(1, 5):
        assert sorted(run.strategy for run in runs if run.repetition == repetition) == ["a", "b", "c"]


def test_the_order_comes_from_the_seed_alone():
    assert matrix(small_scenario(repetitions=9)) == matrix(small_scenario(repetitions=9))
    assert matrix(small_scenario(repetitions=9)) != matrix(small_scenario(repetitions=9, seed=8))


def test_strategies_of_a_repetition_share_their_seed_and_repetitions_do_not():
    runs = matrix(small_scenario(repetitions=2))
    seeds = {repetition: {run.seed for run in runs if run.repetition == repetition} for repetition in (1, 2)}
    assert len(seeds[1]) == len(seeds[2]) == 1
    assert seeds[1] != seeds[2]


def test_a_strategy_from_a_file_is_named_by_its_class():
    assert RunKey("./mine.py:Mine", 2, 0).name == "Mine-r2"
    assert RunKey("edge-only", 1, 0).name == "edge-only-r1"


def test_the_name_of_an_entry_point_is_used_uncut():
    assert RunKey("vendor:fast.v2", 1, 0).name == "vendor:fast.v2-r1"


def test_two_strategies_of_the_same_name_are_refused():
    with pytest.raises(InputError, match=r"\./a\.py:Mine and \./b\.py:Mine"):
        matrix(small_scenario(strategies=("./a.py:Mine", "./b.py:Mine")))
