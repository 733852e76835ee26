from __future__ import annotations

from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.energy.ranking import ranking_survives
from telcoai.energy.use import RadioUse, Use, total
from telcoai.model.topology import Band

from .conftest import topology

CORE_W = {"pi": (1.0, 0.625, 1.375), "orin": (10.0, 8.0, 12.0)}
BASE_W = (3.0, 2.0, 4.0)
UP_NJ = (30.0, 20.0, 40.0)


def radio(up_bits: float, seconds: float) -> RadioUse:
    return RadioUse(up_bits, 0.0, Band(seconds, seconds, seconds))


def test_the_order_is_by_energy_per_request_whatever_the_number_of_requests() -> None:
    ranking = ranking_survives({"much": Use(10, {"pi": 10.0}), "little": Use(1, {"pi": 0.5})}, topology())
    assert ranking.order == ("little", "much")
    assert ranking.margins[0].gap_j == pytest.approx(0.5)


def test_a_wrong_figure_common_to_both_does_not_turn_the_order() -> None:
    ranking = ranking_survives({"a": Use(1, {"pi": 1.0}), "b": Use(1, {"pi": 1.01})}, topology())
    assert ranking.per_request_j["a"].high > ranking.per_request_j["b"].low
    assert ranking.survives


def test_figures_of_different_devices_can_turn_the_order() -> None:
    ranking = ranking_survives({"device": Use(1, {"pi": 1.0}), "edge": Use(1, {"orin": 0.11})}, topology())
    assert ranking.order == ("device", "edge")
    assert not ranking.survives
    assert ranking.can_swap == (("device", "edge"),)
    assert ranking.margins[0].least_gap_j == pytest.approx(0.11 * 8 - 1.375)


def test_strategies_that_answered_nothing_are_left_out() -> None:
    assert ranking_survives({"a": Use(0), "b": Use(1, {"pi": 1.0})}, topology()).order == ("b",)


def test_runs_of_a_strategy_add_up() -> None:
    both = total([Use(1, {"pi": 1.0}, {"5g": radio(8, 1)}), Use(2, {"pi": 2.0, "orin": 1.0}, {"5g": radio(8, 2)})])
    assert (both.requests, both.core_s) == (3, {"orin": 1.0, "pi": 3.0})
    assert both.radios["5g"] == radio(16, 3)


uses = st.builds(
    lambda pi, orin, up, s: Use(1, {"pi": pi, "orin": orin}, {"5g": radio(up, s)}),
    *(st.floats(0, 2), st.floats(0, 0.5), st.floats(0, 1e7), st.floats(0, 2)),
)


@given(st.lists(uses, min_size=2, max_size=4))
def test_the_verdict_is_that_of_trying_every_corner(given_uses: list[Use]) -> None:
    named = {f"s{k}": use for k, use in enumerate(given_uses)}
    ranking = ranking_survives(named, topology())
    if any(abs(margin.least_gap_j) < 1e-9 for margin in ranking.margins):
        return
    corners = product(CORE_W["pi"][1:], CORE_W["orin"][1:], UP_NJ[1:], BASE_W[1:])
    same = all(_ordered(named, corner, ranking.order) for corner in corners)
    assert ranking.survives == same


def _ordered(named: dict[str, Use], corner: tuple[float, ...], order: tuple[str, ...]) -> bool:
    pi_w, orin_w, up_nj, base_w = corner

    def joules(use: Use) -> float:
        wireless = use.radios["5g"]
        compute = use.core_s["pi"] * pi_w + use.core_s["orin"] * orin_w
        return compute + wireless.up_bits * up_nj * 1e-9 + wireless.connected_s.value * base_w

    found = [joules(named[name]) for name in order]
    return all(a < b for a, b in pairwise(found))
