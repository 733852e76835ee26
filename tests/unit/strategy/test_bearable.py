"""Who asks for less accuracy of devices whose batteries don't bear what is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from telcoai.model.view import View
from telcoai.strategy.bearable import Bearable
from telcoai.strategy.endurance import Endurance
from telcoai.strategy.energy_aware import EnergyAware
from telcoai.strategy.joules import Powers
from telcoai.strategy.sites import as_measured
from telcoai.strategy.slo_mpc import SloMpc

from .test_endurance import START_J, powered

ASKED = 0.9
"""Kept by the large variants alone: 28 ms of a core of 1 W, 0.14 W at five requests a second."""


def bearing(above_idle_w: float, charge_j: float = START_J, time_s: float = 0.0) -> View:
    """A camera of 3 W whose battery has to bear so much on top, and less than a fourth of a large variant's time."""
    seen = powered(charge_j, lasts_s=START_J / (3 + above_idle_w), accuracy_min=ASKED, deadline_ms=500.0)
    return replace(seen, time_s=time_s)


def asked_of(seen: View) -> float:
    powers = Powers(seen.topology)
    known = Bearable(as_measured(seen), powers, Endurance(seen, powers)).asked_of(seen)
    (service,) = known.services
    assert service.rate_per_s == seen.services[0].rate_per_s
    return service.requirements.accuracy_min or 0.0


def accuracy_of(plan_of: object, seen: View) -> float:
    (one,) = plan_of.plan(seen).assignments  # type: ignore[attr-defined]
    return seen.services[0].workload.variant(one.variant).accuracy


def test_what_a_battery_bears_is_asked_as_it_is() -> None:
    assert asked_of(bearing(above_idle_w=1.0)) == ASKED


def test_a_battery_that_bears_less_is_asked_for_less_and_only_as_little_as_it_takes() -> None:
    steps = [asked_of(bearing(watts)) for watts in (0.15, 0.1, 0.07, 0.05)]
    assert steps == sorted(steps, reverse=True)
    assert steps[-1] < ASKED


def test_a_battery_that_has_given_too_much_is_asked_for_the_least_until_it_has_recovered() -> None:
    assert asked_of(bearing(0.15, charge_j=START_J - 100.0, time_s=10.0)) == pytest.approx(0.0, abs=0.011)


def test_one_that_cant_last_even_idle_is_asked_for_all() -> None:
    assert asked_of(bearing(above_idle_w=-0.1)) == ASKED


def test_without_a_lifetime_nothing_changes() -> None:
    seen = bearing(0.05)
    free = tuple(replace(s, requirements=replace(s.requirements, lasts_s=None)) for s in seen.services)
    assert asked_of(replace(seen, services=free)) == ASKED


def test_slo_mpc_gives_up_accuracy_for_a_lifetime_where_energy_aware_does_not() -> None:
    seen = bearing(above_idle_w=0.05)
    assert accuracy_of(SloMpc(), seen) < ASKED < accuracy_of(EnergyAware(), seen)
