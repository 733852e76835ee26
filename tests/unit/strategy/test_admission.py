"""Requests are turned away while a deadline keeps being missed, and no longer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcoai.model.requirements import Requirements
from telcoai.model.view import Moment, View
from telcoai.strategy.admission import LEAST, Admission, V
from telcoai.strategy.check import problems
from telcoai.strategy.latency_greedy import LatencyGreedy

from .conftest import topology, view


def after(late: list[float], deadline_ms: float | None = 100.0, accuracy: float | None = 0.86) -> View:
    """A view with these latencies in its periods, relative to 100 ms."""
    seen = view(topology(devices=1), accuracy)
    asked = Requirements(95, deadline_ms, accuracy)
    plan = LatencyGreedy().plan(seen)

    def service(share: float):  # type: ignore[no-untyped-def]
        return replace(seen.services[0], requirements=asked, latency_ms={"camera-1": 100 * share})

    past = tuple(Moment(float(k), seen.links, seen.nodes, (service(share),), plan) for k, share in enumerate(late[:-1]))
    return replace(seen, services=(service(late[-1]),), past=past, previous=plan, time_s=float(len(late)))


def test_who_is_in_time_admits_all() -> None:
    seen = after([0.5] * 8)
    assert Admission().plan(seen).assignments == LatencyGreedy().plan(seen).assignments


def test_the_longer_it_is_late_the_fewer_are_admitted() -> None:
    shares = [Admission().plan(after([2.0] * periods)).assignments[0].admit for periods in (2, 3, 4, 8, 20, 100)]
    assert shares == [1.0, pytest.approx(0.65), 0.5, 0.25, 0.1, LEAST]


def test_once_it_is_over_all_are_admitted_again() -> None:
    assert Admission().plan(after([2.0] * 4 + [0.2] * 6)).assignments[0].admit == 1.0


def test_without_a_deadline_nobody_is_turned_away() -> None:
    assert Admission().plan(after([9.0] * 9, deadline_ms=None)).assignments[0].admit == 1.0


def test_the_rest_leaves_at_the_first_exit_where_that_is_accurate_enough() -> None:
    assert Admission().plan(after([2.0] * 9)).assignments[0].otherwise == "drop"
    assert Admission().plan(after([2.0] * 9, accuracy=0.7)).assignments[0].otherwise == "degrade"


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(0.01, 5), min_size=1, max_size=30))
def test_any_share_is_one_that_can_be_applied(late: list[float]) -> None:
    seen = after(late)
    plan = Admission().plan(seen)
    assert problems(plan, seen) == []
    assert LEAST <= plan.assignments[0].admit <= 1
    if len(late) <= V:
        assert plan.assignments[0].admit == 1
