"""The sentence names strategies whose order a link change turned."""

from __future__ import annotations

from telcoai.report.sentence import swaps

BEFORE = {"cloud": 220.0, "device": 300.0, "edge": 117.0}


def test_a_strategy_that_was_ahead_and_is_behind_has_swapped():
    assert swaps(BEFORE, {"cloud": 390.0, "device": 280.0, "edge": 256.0}) == [("cloud", "device")]


def test_an_order_that_holds_has_no_swaps():
    assert swaps(BEFORE, BEFORE) == []


def test_strategies_that_are_alike_have_not_swapped():
    assert swaps(BEFORE, {"cloud": 290.0, "device": 280.0, "edge": 256.0}) == []
