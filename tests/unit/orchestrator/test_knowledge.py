"""What strategies know is off by no more than declared, and the truth is left alone."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from telcoai.model.scenario import Knowledge
from telcoai.orchestrator.knowledge import Known
from telcoai.orchestrator.observe import Observer
from tests.places import small_scenario, small_topology, small_workload


@given(st.floats(0, 0.9), st.floats(0, 0.9), st.integers(0, 99))
def test_every_figure_is_within_the_declared_error(profiles: float, links: float, seed: int) -> None:
    truth = small_topology()
    known = Known(Knowledge(profiles, links), seed).topology(truth)
    pairs = [
        (speed.gflops.value, other.gflops.value)
        for name in truth.profiles
        for speed, other in zip(truth.profiles[name].speeds, known.profiles[name].speeds, strict=True)
    ]
    pairs += [(truth.radios["5g"].base_w.value, known.radios["5g"].base_w.value)]
    assert all(abs(other / value - 1) <= profiles + 1e-9 for value, other in pairs)
    states = [(a.up, b.up) for a, b in zip(truth.links, known.links, strict=True)]
    assert all(abs(b.delay_ms / a.delay_ms - 1) <= links + 1e-9 for a, b in states)
    assert all(abs(b.rate_bps / a.rate_bps - 1) <= links + 1e-9 for a, b in states)
    assert [node.name for node in known.nodes] == [node.name for node in truth.nodes]


def test_without_a_declared_error_the_truth_is_known() -> None:
    assert Known(Knowledge(), 7).topology(small_topology()) == small_topology()


def test_errors_are_the_same_all_through_a_run_and_others_in_another() -> None:
    one, again, other = (Known(Knowledge(0.3, 0.3), seed).topology(small_topology()) for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_a_view_shows_what_is_known_and_not_the_truth() -> None:
    scenario = small_scenario()
    observer = Observer(scenario.topology, scenario.services, {"tiny": small_workload()}, 1.0, 7)
    wrong = replace(observer, knowledge=Knowledge(0.3, 0.3))
    seen, shown = (one.view(0.0, {}, {}, None).topology.profiles["board"].speeds for one in (observer, wrong))
    assert seen == scenario.topology.profiles["board"].speeds
    assert shown != seen
