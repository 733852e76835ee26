"""Services that come and go: what is served, and that nobody sees it coming."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from telcoai.load.rows import Row
from telcoai.model.requirements import Requirements
from telcoai.model.scenario import (
    Change,
    Demand,
    DemandChange,
    LinkChange,
    NodeChange,
    RequirementsChange,
    ServiceChange,
)
from telcoai.model.topology import LinkState
from telcoai.model.view import View
from telcoai.orchestrator.asked import asked_at_first
from telcoai.orchestrator.journal import Journal
from telcoai.orchestrator.observe import Observer
from telcoai.simulation.play import Play, play
from telcoai.simulation.requests import Arrival, Requests
from telcoai.simulation.world import World
from tests.places import small_scenario, small_workload
from tests.unit.simulation.stage import Fixed, arrive, tiny_service

DEVICE = ("device",) * 3
SLOW = LinkState(80.0, 0.0, 50e6)


def played(arrivals: tuple[Arrival, ...], timeline: tuple[Change, ...]) -> tuple[list[Row], list[View]]:
    """Rows of the service that comes and goes on camera-1, and the views of a strategy; 8 s."""
    scenario = small_scenario(timeline=timeline)
    scenario = replace(scenario, services=(*scenario.services, replace(scenario.services[0], name="guest")))
    world, strategy = World(scenario.topology, 1), Fixed(DEVICE)
    requests = Requests(world, {name: replace(tiny_service(), name=name) for name in ("vision", "guest")})
    asked = asked_at_first(scenario)
    observer = Observer(scenario.topology, scenario.services, {"tiny": small_workload()}, 1.0, 7, asked)
    with TemporaryDirectory() as folder:
        rows = play(Play(arrivals, timeline, 0.0, 8.0), strategy, world, requests, observer, Journal(Path(folder)))
    return rows.get(("guest", "camera-1"), []), strategy.seen


def test_a_service_is_planned_for_in_the_first_period_after_it_arrives_and_until_it_departs() -> None:
    stay = (ServiceChange(1.5, "guest", "arrives"), ServiceChange(4.5, "guest", "departs"))
    guests = tuple(replace(one, service="guest") for one in arrive(1.7, 3.5, 4.4))
    rows, views = played(guests, stay)
    assert [row.status for row in rows] == ["503", "200", "200"], "what comes before there is a plan is refused"
    seen = {view.time_s for view in views if "guest" in [one.name for one in view.services]}
    assert seen == {2.0, 3.0, 4.0}


def change(at_s: float, kind: int) -> Change:
    return (
        DemandChange(at_s, "vision", Demand("poisson", 50.0, at_s)),
        RequirementsChange(at_s, "vision", Requirements(deadline_ms=10.0)),
        LinkChange(at_s, (("camera-1--edge", SLOW, SLOW),)),
        NodeChange(at_s, "edge", "stopped"),
        ServiceChange(at_s, "guest", "arrives"),
        ServiceChange(at_s, "guest", "departs"),
    )[kind]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 8), st.integers(0, 5)), max_size=5),
    st.lists(st.tuples(st.floats(0, 8), st.integers(0, 5)), max_size=5),
    st.integers(0, 8),
)
def test_a_view_holds_nothing_of_what_is_still_to_come(
    one: list[tuple[float, int]], other: list[tuple[float, int]], until_s: int
) -> None:
    """Two runs that are alike until some time look alike until then, whatever comes after."""
    stay = (ServiceChange(0.0, "guest", "arrives"),)
    until = sorted(pair for pair in one if pair[0] <= until_s)
    timelines = [
        stay + tuple(change(*pair) for pair in (*until, *sorted(p for p in rest if p[0] > until_s)))
        for rest in (one, other)
    ]
    (_, first), (_, second) = (played(arrive(0.5, 2.5), timeline) for timeline in timelines)
    assert [v for v in first if v.time_s <= until_s] == [v for v in second if v.time_s <= until_s]
