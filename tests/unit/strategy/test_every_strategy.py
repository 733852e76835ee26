"""What holds for every strategy that is installed, whatever it sees."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcoai.model.plan import Plan
from telcoai.model.view import Moment, Strategy, View
from telcoai.plugins import STRATEGIES, load, strategy_names
from telcoai.strategy.check import problems

from .random_views import views

latency_lists = st.lists(st.floats(0.1, 1e5), min_size=1, max_size=8)


@cache
def maker(name: str) -> Callable[[], Strategy]:
    made: Any = load(STRATEGIES, name)
    return made  # type: ignore[no-any-return]


def after(seen: View, plans: tuple[Plan, Plan], latencies_ms: list[float]) -> View:
    """The view some periods on: one plan was in force first, then the other, with these latencies everywhere.

    All but the first service come and go: each second moment is without them, as is the view after an odd number.
    """
    past = []
    for number, latency_ms in enumerate(latencies_ms):
        services = tuple(replace(s, latency_ms=dict.fromkeys(s.rate_per_s, latency_ms)) for s in seen.services)
        past.append(Moment(float(number), seen.links, seen.nodes, services[: 2 - number % 2], plans[number > 3]))
    there = seen.services[: 2 - len(past) % 2]
    return replace(seen, services=there, past=tuple(past), previous=past[-1].plan, time_s=float(len(past)))


@pytest.mark.parametrize("name", strategy_names())
@settings(max_examples=25, deadline=None)
@given(views(), views(), latency_lists, st.integers(0, 2**32))
def test_its_plans_are_sound_whatever_it_sees(
    name: str, seen: View, elsewhere: View, latencies_ms: list[float], seed: int
) -> None:
    make, now = maker(name), replace(seen, seed=seed)
    as_it_was, strategy = deepcopy(now), make()
    plan = strategy.plan(now)
    assert problems(plan, now) == []
    later = after(now, (plan, make().plan(elsewhere)), latencies_ms)
    follows = strategy.plan(later)
    assert problems(follows, later) == []
    assert make().plan(later) == follows, "what it planned before is in the view, and nowhere else"
    assert strategy.plan(now) == plan, "what comes later changes nothing"
    assert now == as_it_was, "the view is only read"
