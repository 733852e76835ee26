"""What can't be served in time is turned away, and no more than that."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcoai.model.requirements import Requirements
from telcoai.model.view import NodeView, View
from telcoai.strategy.admission import CAPACITY, LEAST, Admission
from telcoai.strategy.check import problems
from telcoai.strategy.latency_greedy import LatencyGreedy

from .conftest import topology, view


def seen_at(rate: float, queue: int = 0, deadline_ms: float | None = 100.0, accuracy: float | None = 0.86) -> View:
    seen = view(topology(devices=1), accuracy, rate)
    service = replace(seen.services[0], requirements=Requirements(95, deadline_ms, accuracy))
    nodes = {name: NodeView(name, True, queue=queue) for name in seen.nodes}
    return replace(seen, services=(service,), nodes=nodes)


def admitted(seen: View) -> float:
    (one,) = Admission().plan(seen).assignments
    return one.admit


def test_what_can_be_served_is_admitted() -> None:
    seen = seen_at(5.0)
    assert Admission().plan(seen).assignments == LatencyGreedy().plan(seen).assignments


def test_the_more_come_the_smaller_the_share() -> None:
    shares = [admitted(seen_at(rate)) for rate in (5, 2_000, 4_000, 8_000, 1e6)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == 1.0
    assert LEAST < shares[2] < CAPACITY
    assert shares[-1] == LEAST


def test_a_queue_is_worked_off_first() -> None:
    assert admitted(seen_at(100.0)) == 1.0
    assert admitted(seen_at(100.0, queue=100_000)) == LEAST


def test_without_a_deadline_nobody_is_turned_away() -> None:
    assert admitted(seen_at(1e6, deadline_ms=None)) == 1.0


@pytest.mark.parametrize(("accuracy", "otherwise"), [(0.86, "drop"), (0.7, "degrade")])
def test_the_rest_leaves_at_the_first_exit_where_that_is_accurate_enough(accuracy: float, otherwise: str) -> None:
    (one,) = Admission().plan(seen_at(1e5, accuracy=accuracy)).assignments
    assert one.otherwise == otherwise


@settings(deadline=None, max_examples=40)
@given(st.floats(0, 1e6), st.integers(0, 300))
def test_any_share_is_one_that_can_be_applied(rate: float, queue: int) -> None:
    seen = seen_at(rate, queue)
    plan = Admission().plan(seen)
    assert problems(plan, seen) == []
    assert LEAST <= plan.assignments[0].admit <= 1
