from __future__ import annotations

from dataclasses import replace

import pytest

from telcoai.model.view import NodeView, Strategy, View
from telcoai.strategy.check import problems
from telcoai.strategy.early_exit import EarlyExit
from telcoai.strategy.energy_aware import EnergyAware
from telcoai.strategy.latency_greedy import LatencyGreedy
from telcoai.strategy.marginal_power import MarginalPower
from telcoai.strategy.model_switching import ModelSwitching
from telcoai.strategy.neurosurgeon import Neurosurgeon
from telcoai.strategy.oracle import Oracle
from telcoai.strategy.round_robin import RoundRobin
from telcoai.strategy.sites import as_measured
from telcoai.strategy.slo_mpc import SloMpc

from .conftest import profile, topology, view

DECIDING: tuple[Strategy, ...] = (
    *(
        EarlyExit(),
        EnergyAware(),
        MarginalPower(),
        ModelSwitching(),
        Neurosurgeon(),
        RoundRobin(),
        LatencyGreedy(),
        SloMpc(),
        Oracle(),
    ),
)


def hurt() -> View:
    """Two slow cameras behind an edge each, and the first edge is down."""
    built = topology(2, 2)
    seen = view(replace(built, profiles={**built.profiles, "pi": profile("pi", 1, 0.3)}), rate=3.0)
    return replace(seen, nodes={**seen.nodes, "edge-1": NodeView("edge-1", False)})


def test_nothing_is_reached_through_a_node_that_is_down() -> None:
    sites = as_measured(hurt())
    assert sites.route("camera-1", "cloud") is None
    assert sites.route("camera-1", "edge-1") is None
    assert sites.route("camera-1", "camera-1") == ()
    assert sites.route("camera-2", "cloud") is not None


@pytest.mark.parametrize("strategy", DECIDING, ids=lambda s: s.name)
def test_a_device_behind_a_node_that_is_down_serves_itself(strategy: Strategy) -> None:
    plan = strategy.plan(hurt())
    one = plan.assignment("vision", "camera-1")
    assert one is not None
    assert set(one.hops) == {"camera-1"}
    assert problems(plan, hurt()) == []
