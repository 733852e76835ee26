"""Views to try strategies on, and what is held against those that fail."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from telcoai.model.plan import Plan
from telcoai.plugins import load_strategy, strategy_names
from telcoai.strategy.static import EdgeOnly
from telcoai.strategy.trial import faults, trial_topology, trial_view, trial_views


def installed() -> list[str]:
    """Those that need no cluster, which the trial's testbed isn't."""
    return [name for name in strategy_names() if not getattr(load_strategy(name), "needs_cluster", False)]


@pytest.mark.parametrize("name", installed())
def test_strategies_that_come_with_telcoai_have_no_faults(name):
    assert faults(load_strategy(name)) == []


class Changed:
    """Edge-only, with something done to its plans."""

    name, summary = "changed", "for tests"

    def __init__(self, change):
        self.change = change

    def plan(self, view):
        return self.change(EdgeOnly().plan(view), view)


def test_a_plan_that_lacks_a_device_is_a_fault_in_every_view():
    found = faults(Changed(lambda plan, view: replace(plan, assignments=plan.assignments[1:])))
    assert found == [f"{name}: vision/camera-1: no assignment" for name in trial_views()]


def test_what_is_no_plan_is_a_fault():
    assert faults(Changed(lambda plan, view: None))[0] == "all well: the strategy returned None, not a Plan"


def test_another_plan_for_the_same_view_is_a_fault():
    luck = random.Random(1)

    def change(plan: Plan, view: object) -> Plan:
        leave = (luck.random(), 1.01)
        return replace(plan, assignments=tuple(replace(one, thresholds=leave) for one in plan.assignments))

    assert faults(Changed(change)) == [
        f"{name}: the same view gave another plan the second time" for name in trial_views()
    ]


def test_who_changes_a_view_hears_of_it():
    def change(plan: Plan, view) -> Plan:
        view.services[0].rate_per_s["camera-1"] = 0.0
        return plan

    with pytest.raises(TypeError, match="can't be changed"):
        faults(Changed(change))


def test_views_come_with_the_plan_before_and_fit_the_testbed_asked_for():
    seen = []
    faults(Changed(lambda plan, view: (seen.append(view.previous is not None), plan)[1]))
    assert seen[0] is False
    assert all(seen[2:])
    assert len(trial_view(trial_topology(devices=120)).services[0].rate_per_s) == 120
