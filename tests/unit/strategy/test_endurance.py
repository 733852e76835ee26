"""Power that a battery leaves, by hand, and who keeps to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from telcoai.model.topology import Band, Battery, Tier
from telcoai.model.view import Moment, NodeView, View
from telcoai.strategy.endurance import Endurance, queues
from telcoai.strategy.energy_aware import EnergyAware
from telcoai.strategy.joules import Powers
from telcoai.strategy.lyapunov import Lyapunov

from .conftest import topology, view

START_J = 5000.0


def powered(charge_j: float = START_J, lasts_s: float = 1000.0, **changes: object) -> View:
    """One camera on a battery, with one service."""
    built = topology(devices=1)
    nodes = tuple(
        replace(node, battery=Battery(START_J, START_J)) if node.tier == Tier.DEVICE else node for node in built.nodes
    )
    seen = view(replace(built, nodes=nodes))
    services = tuple(
        replace(s, requirements=replace(s.requirements, lasts_s=lasts_s, **changes)) for s in seen.services
    )
    charged = {**seen.nodes, "camera-1": replace(seen.nodes["camera-1"], charge_j=charge_j)}
    return replace(seen, services=services, nodes=charged)


def idle_w(seen: View) -> float:
    return seen.topology.profile_of("camera-1").power_idle_w.value


def test_what_a_battery_bears_less_idle_power_may_be_drawn_and_what_was_not_comes_on_top_for_ten_periods() -> None:
    """5 W are borne; after 200 s 1,000 J may be gone."""
    for charge_j, back_w in ((4000.0, 0.0), (4005.0, 0.5), (3995.0, -0.5)):
        seen = replace(powered(charge_j), time_s=200.0)
        found = Endurance(seen, Powers(seen.topology))
        assert found._allowed_w == {"camera-1": pytest.approx(5.0 + back_w - idle_w(seen))}


def test_a_battery_can_last_when_it_bears_more_than_idle_power() -> None:
    seen = powered()
    found = Endurance(seen, Powers(seen.topology))
    assert found.can_last("camera-1", 0.99 * START_J / idle_w(seen))
    assert not found.can_last("camera-1", 1.01 * START_J / idle_w(seen))


def test_services_of_one_device_share_its_power_evenly() -> None:
    one = powered()
    two = replace(one, services=(*one.services, replace(one.services[0], name="other")))
    alone, shared = (Endurance(seen, Powers(seen.topology))._allowed_w["camera-1"] for seen in (one, two))
    assert shared == pytest.approx(alone / 2)


def test_without_a_battery_or_once_it_has_lasted_anything_goes() -> None:
    over = replace(powered(lasts_s=10.0), time_s=20.0)
    assert Endurance(over, Powers(over.topology))._allowed_w == {}
    bare = replace(over, nodes={**over.nodes, "camera-1": NodeView("camera-1", True)}, time_s=0.0)
    assert Endurance(bare, Powers(bare.topology))._allowed_w == {}


def test_a_queue_grows_while_more_is_drawn_than_the_battery_bears() -> None:
    seen = powered()
    charges = (5000.0, 4990.0, 4980.0, 4977.5)
    past = tuple(
        Moment(float(k), seen.links, {"camera-1": NodeView("camera-1", True, charge_j=left)}, seen.services, None)
        for k, left in enumerate(charges)
    )
    now = {**seen.nodes, "camera-1": replace(seen.nodes["camera-1"], charge_j=4977.5)}
    ((length, borne_w),) = queues(replace(seen, past=past, nodes=now, time_s=4.0)).values()
    assert borne_w == pytest.approx(5.0)
    assert length == pytest.approx(1 + 1 - 0.5 - 1)


def test_energy_aware_lets_others_compute_when_its_battery_has_to_last() -> None:
    """Servers that are dear to run and a radio that costs next to nothing: at home is thriftiest for all together, and
    dearest for the battery."""
    hungry = powered(lasts_s=START_J / 1e-6)
    dear = {
        name: replace(one, power_busy_w=exactly(500.0))
        for name, one in hungry.topology.profiles.items()
        if name != "pi"
    }
    radios = {
        name: replace(one, base_w=exactly(1e-6), up_nj_per_bit=exactly(1e-3), down_nj_per_bit=exactly(1e-3))
        for name, one in hungry.topology.radios.items()
    }
    built = replace(hungry.topology, profiles={**hungry.topology.profiles, **dear}, radios=radios)
    free = tuple(replace(s, requirements=replace(s.requirements, lasts_s=None)) for s in hungry.services)
    with_it, without = (
        EnergyAware().plan(replace(hungry, topology=built, services=one)).assignments[0]
        for one in (hungry.services, free)
    )
    assert set(without.hops) == {"camera-1"}
    assert "camera-1" not in with_it.hops


def exactly(value: float) -> Band:
    return Band(value, value, value)


@pytest.mark.parametrize("strategy", [EnergyAware(), Lyapunov()])
def test_a_battery_that_lasts_long_enough_changes_nothing(strategy: EnergyAware | Lyapunov) -> None:
    easy, plain = powered(lasts_s=1.0), powered(lasts_s=1.0)
    plain = replace(
        plain, services=tuple(replace(s, requirements=replace(s.requirements, lasts_s=None)) for s in plain.services)
    )
    assert strategy.plan(easy).assignments == strategy.plan(plain).assignments
