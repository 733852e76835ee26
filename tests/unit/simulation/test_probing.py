"""What the probe knows of links that stay, change, and pass nothing on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcoai.emulation.rounds import ECHO_BYTES, HEADERS_BYTES, LIVE_TRIPS, STAGGER_NS
from telcoai.model.routes import Step
from telcoai.model.topology import LinkState
from telcoai.network.probe import GAP_S
from telcoai.simulation.probing import Probe
from telcoai.simulation.world import World
from tests.places import small_scenario

AIR, SLOW = LinkState(8.0, 0.0, 50e6), LinkState(80.0, 0.0, 50e6)
OWN_MS = (ECHO_BYTES + HEADERS_BYTES) * 8 / 50e6 * 1e3
GONE = LinkState(8.0, loss=1.0)


def world_of(state: LinkState, seed: int = 1) -> World:
    topology = small_scenario().topology
    return World(replace(topology, links=tuple(replace(one, up=state, down=state) for one in topology.links)), seed)


def begun(state: LinkState, seed: int = 1) -> tuple[World, Probe]:
    world = world_of(state, seed)
    probe = Probe(world)
    world.events.start(probe.run())
    return world, probe


def first(world: World) -> str:
    return next(iter(world.links))


def test_an_idle_link_without_jitter_has_its_delay_and_the_probes_own_bits() -> None:
    for view in Probe(world_of(AIR)).views().values():
        assert view.up.delay_ms == view.down.delay_ms == pytest.approx(8.0 + OWN_MS)


def test_a_change_is_known_once_a_round_that_began_after_it_is_over() -> None:
    world, probe = begun(AIR)
    name = first(world)
    world.events.run(0.5)
    world.change_link(name, SLOW, SLOW)
    first_round_s = LIVE_TRIPS * len(world.links) * STAGGER_NS / 1e9 + 0.02
    world.events.run(GAP_S)
    assert probe.views()[name].up.delay_ms == pytest.approx(8.0 + OWN_MS)
    world.events.run(GAP_S + 2 * first_round_s + 0.2)
    assert probe.views()[name].up.delay_ms == pytest.approx(80.0 + OWN_MS)


def test_a_link_that_changes_during_a_round_is_not_judged_by_it() -> None:
    world, probe = begun(AIR)
    name = first(world)
    world.events.run(0.001)
    world.change_link(name, SLOW, SLOW)
    world.events.run(GAP_S)
    assert probe.views()[name].up.delay_ms == pytest.approx(8.0 + OWN_MS)


def test_what_passes_nothing_on_stays_as_it_was_known_and_makes_rounds_longer() -> None:
    world, probe = begun(AIR)
    name, other = list(world.links)[:2]
    world.events.run(0.5)
    world.change_link(name, GONE, GONE)
    world.change_link(other, SLOW, SLOW)
    world.events.run(GAP_S + 0.5)
    assert probe.views()[other].up.delay_ms == pytest.approx(8.0 + OWN_MS), "the round waits for what was lost"
    world.events.run(GAP_S + 1.0)
    assert probe.views()[other].up.delay_ms == pytest.approx(80.0 + OWN_MS)
    assert probe.views()[name].up == replace(AIR, delay_ms=pytest.approx(8.0 + OWN_MS))


def test_probes_queue_behind_payloads() -> None:
    world, probe = begun(AIR)
    name = first(world)
    world.events.run(GAP_S)
    world.wires.send((Step(world.links[name], True),), 2_000_000, GAP_S)
    world.events.run(2 * GAP_S)
    assert probe.views()[name].up.delay_ms > 100
    assert probe.views()[name].down.delay_ms == pytest.approx(8.0 + OWN_MS)


def test_links_of_a_node_that_is_down_are_not_measured() -> None:
    world, probe = begun(AIR)
    name = first(world)
    world.change_node(world.links[name].a, "stopped")
    world.change_link(name, SLOW, SLOW)
    world.events.run(3 * GAP_S)
    assert probe.views()[name].up.delay_ms == pytest.approx(8.0 + OWN_MS)


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 20), st.floats(0, 1), st.floats(0, 0.5), st.integers(0, 99))
def test_delays_stay_within_the_jitter_and_are_the_same_for_the_same_seed(
    delay_ms: float, share: float, loss: float, seed: int
) -> None:
    state = LinkState(delay_ms, delay_ms * share, 50e6, loss)
    (world, probe), (again, other) = begun(state, seed), begun(state, seed)
    for one in (world, again):
        one.events.run(3.0)
    assert probe.views() == other.views()
    for view in probe.views().values():
        assert abs(view.up.delay_ms - delay_ms) <= delay_ms * share + OWN_MS + 1e-9
        assert view.up.loss == loss
