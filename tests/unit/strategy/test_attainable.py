"""What nobody can meet is found, with the least that can be had, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from telcoai.model.requirements import Requirements
from telcoai.model.topology import LinkState, Topology
from telcoai.model.view import NodeView, View
from telcoai.strategy.attainable import ROUNDING, Attainable, Sheets, Shortfall
from telcoai.strategy.bounds import least_j
from telcoai.strategy.candidates import Menu
from telcoai.strategy.exits import options
from telcoai.strategy.joules import Powers
from telcoai.strategy.predict import Occupancy
from telcoai.strategy.sheet import Sheet
from telcoai.strategy.sites import as_measured

from .conftest import profile, topology, view
from .random_views import states

DEVICE = "camera-1"


def asking(required: Requirements, built: Topology | None = None) -> View:
    seen = view(built or topology(1))
    return replace(seen, services=(replace(seen.services[0], requirements=required),))


def attainable(seen: View) -> Attainable:
    service, sites = seen.services[0], as_measured(seen)
    return Attainable(Sheets(service, sites), service, sites, Powers(seen.topology))


def short(required: Requirements, built: Topology | None = None) -> tuple[Shortfall, ...]:
    return attainable(asking(required, built)).shortfalls(DEVICE)


def test_what_can_be_met_is_not_told() -> None:
    assert short(Requirements(95, 500.0, 0.9, 5.0)) == ()
    assert short(Requirements()) == ()


def test_accuracy_that_no_variant_has_comes_with_the_most_there_is() -> None:
    (found,) = short(Requirements(accuracy_min=0.99))
    assert found.kinds == ("accuracy",)
    assert found.nearest is not None
    best = max(one.forecast.accuracy for each in view().services[0].workload.variants for one in options(each))
    assert found.nearest.accuracy == best


def test_the_calibrated_accuracy_itself_can_be_asked() -> None:
    best = max(one.accuracy for one in view().services[0].workload.variants)
    assert short(Requirements(accuracy_min=best)) == ()


def test_a_deadline_below_the_least_latency_comes_with_it() -> None:
    (found,) = short(Requirements(95, 1.0))
    assert found.kinds == ("latency",)
    assert found.nearest is not None
    least_ms = found.nearest.tail_ms
    assert short(Requirements(95, least_ms + 1e-6)) == ()
    assert short(Requirements(95, least_ms - 1e-3)) != ()


def test_accuracy_and_latency_that_can_be_had_each_but_not_together_are_told_as_such() -> None:
    (alone,) = short(Requirements(95, 1.0))
    assert alone.nearest is not None
    (found,) = short(Requirements(95, alone.nearest.tail_ms + 0.1, 0.92))
    assert found.kinds == ("accuracy", "latency")
    assert found.nearest is not None
    assert found.nearest.accuracy >= 0.92 - ROUNDING
    assert short(Requirements(95, found.nearest.tail_ms + 1e-6, 0.92)) == ()


def test_joules_are_least_within_the_deadline() -> None:
    built = topology(1)
    slow = replace(built, profiles={**built.profiles, "pi": profile("pi", 4, 0.5)})
    (fastest,) = (one.nearest for one in short(Requirements(95, 1.0), slow))
    assert fastest is not None
    (found,) = short(Requirements(95, fastest.tail_ms + 0.01, None, 0.9 * fastest.joules), slow)
    assert found == Shortfall(("latency", "energy"), fastest)
    assert short(Requirements(95, None, None, 0.9 * fastest.joules), slow) == ()


def test_a_device_without_a_way_out_has_what_it_can_do_itself() -> None:
    seen = asking(Requirements(95, 1.0))
    away = {**seen.nodes, "edge-1": NodeView("edge-1", alive=False)}
    (found,) = attainable(replace(seen, nodes=away)).shortfalls(DEVICE)
    assert found.nearest is not None
    assert set(found.nearest.hops) == {"device"}


def test_devices_behind_the_same_links_are_alike_and_others_are_not() -> None:
    built = topology(3)
    slow = LinkState(100.0)
    built = replace(built, links=(replace(built.links[0], up=slow), *built.links[1:]))
    kinds = [attainable(asking(Requirements(), built)).kind_of(f"camera-{k}") for k in (1, 2, 3)]
    assert kinds[0] != kinds[1] == kinds[2]


@settings(max_examples=40, deadline=None)
@given(
    states,
    st.none() | st.floats(5, 400),
    st.none() | st.floats(0.7, 1),
    st.none() | st.floats(0.01, 2),
    st.floats(50, 99.9),
)
def test_it_tells_just_what_trying_everything_would(
    air: LinkState, deadline_ms: float | None, accuracy: float | None, joules: float | None, percentile: float
) -> None:
    built = topology(1)
    built = replace(built, links=(replace(built.links[0], up=air, down=air), *built.links[1:]))
    seen = asking(Requirements(percentile, deadline_ms, accuracy, joules), built)
    assert {one.kinds for one in attainable(seen).shortfalls(DEVICE)} == tried(seen)


def tried(seen: View) -> set[tuple[str, ...]]:
    """The smallest sets of kinds that no option of any variant meets anywhere."""
    service, sites = seen.services[0], as_measured(seen)
    required = service.requirements
    every = tuple(option for variant in service.workload.variants for option in options(variant))
    free = replace(service, requirements=replace(required, accuracy_min=None))
    figures = Sheet(Menu(free, every, short=False), sites).of((DEVICE, "edge-1", "cloud"), 5.0)
    accuracy = np.array([one.option.forecast.accuracy for one in figures.rows.candidates])
    spent = least_j(figures, 5.0, Occupancy(), Powers(seen.topology), sites)
    met = {}
    if required.accuracy_min is not None:
        met["accuracy"] = accuracy >= required.accuracy_min - ROUNDING
    if required.deadline_ms is not None:
        met["latency"] = figures.tail_s <= required.deadline_ms / 1e3
    if required.energy_per_request_j is not None:
        met["energy"] = spent <= required.energy_per_request_j
    found: set[tuple[str, ...]] = set()
    for count in range(1, len(met) + 1):
        for kinds in combinations(met, count):
            together = np.isfinite(figures.tail_s) & np.all([met[kind] for kind in kinds], axis=0)
            if not together.any() and not any(set(one) <= set(kinds) for one in found):
                found.add(kinds)
    return found


def test_an_edge_further_away_counts_too_when_it_is_quicker() -> None:
    built = topology(1, 2)
    nodes = tuple(
        replace(node, profile={"edge-1": "pi", "edge-2": "quick"}.get(node.name, "pi")) for node in built.nodes
    )
    profiles = {**built.profiles, "pi": profile("pi", 4, 0.1), "quick": profile("quick", 4, 1000)}
    (found,) = short(Requirements(95, 1.0), replace(built, nodes=nodes, profiles=profiles))
    assert found.nearest is not None
    assert set(found.nearest.hops) == {"edge-2"}
