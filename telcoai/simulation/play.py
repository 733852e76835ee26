"""A run on paper: the loop decides once a simulated period, the timeline disturbs, arrivals come as they are due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from telcoai.load.rows import Row
from telcoai.model.plan import Plan
from telcoai.model.scenario import Change, NodeChange, NodeState
from telcoai.model.topology import LinkState
from telcoai.model.view import LinkView, Strategy
from telcoai.orchestrator.batteries import stop_empty
from telcoai.orchestrator.figures import NodeFigures
from telcoai.orchestrator.journal import Journal
from telcoai.orchestrator.loop import Loop
from telcoai.orchestrator.observe import Observer
from telcoai.orchestrator.timeline import Timeline, describe, kind_of
from telcoai.simulation.jobs import Arrival
from telcoai.simulation.probing import Probe
from telcoai.simulation.requests import Requests
from telcoai.simulation.switchover import SimulatedSwitchover
from telcoai.simulation.world import World

PLAN_S = 60.0
"""Real seconds that a strategy may take for a plan: the simulated clock stands still meanwhile."""

DRAIN_S = 15.0
"""Simulated seconds after the last arrival in which requests may still end."""


@dataclass(frozen=True)
class Play:
    """What is played: arrivals, changes (``at_s`` counts from ``warmup_s`` on), and for how long, warm-up included."""

    arrivals: tuple[Arrival, ...]
    timeline: tuple[Change, ...]
    warmup_s: float
    total_s: float


class SimulatedApplier:
    """Plans and changes for a world; an assignment is in force once its stages are loaded."""

    def __init__(self, world: World, requests: Requests) -> None:
        self._world = world
        self._probe = Probe(world)
        self._switchover = SimulatedSwitchover(world, requests)

    def apply(self, plan: Plan, before: Plan | None) -> list[str]:
        """Serve by the plan as soon as may be; nobody refuses."""
        if before is None:
            self._switchover.first(plan.assignments)
        for one in plan.assignments if before is not None else ():
            self._switchover.begin(one)
        return []

    def figures(self) -> Mapping[str, NodeFigures | None]:
        """A reading of every node."""
        return self._world.figures()

    def links(self) -> Mapping[str, LinkView]:
        """Links as the probe has them."""
        return self._probe.views()

    def begin(self) -> None:
        """The run begins: the probe measures again and again."""
        self._world.events.start(self._probe.run())

    def change_link(self, name: str, up: LinkState, down: LinkState) -> None:
        """As the world does it."""
        self._world.change_link(name, up, down)

    def change_node(self, name: str, state: NodeState) -> None:
        """As the world does it."""
        self._world.change_node(name, state)


def play(
    what: Play, strategy: Strategy, world: World, requests: Requests, observer: Observer, journal: Journal
) -> dict[tuple[str, str], list[Row]]:
    """Rows by service and device; those of requests that never ended lack. Failures are the journal's."""
    applier = SimulatedApplier(world, requests)
    loop = Loop(strategy, applier, observer, journal)
    loop.step(-observer.period_s, PLAN_S)
    if loop.plan is None:
        return {}
    applier.begin()
    timeline = Timeline(what.timeline, what.warmup_s, applier, observer.asked)
    _expect(what.timeline, what.warmup_s, timeline, world, journal)
    for one in what.arrivals:
        world.events.at(one.due_s, lambda one=one: world.events.start(requests.serve(one)))  # type: ignore[misc]
    tick = 0
    while (time_s := tick * observer.period_s) < what.total_s:
        world.events.run(time_s)
        loop.step(time_s, PLAN_S)
        stop_empty(observer.batteries, applier, journal, time_s)
        tick += 1
    world.events.run(what.total_s)
    loop.note_moved(world.figures(), what.total_s)
    observer.batteries.read(what.total_s, world.figures())
    world.events.run(what.total_s + DRAIN_S)
    return requests.rows


def _expect(changes: Iterable[Change], warmup_s: float, timeline: Timeline, world: World, journal: Journal) -> None:
    """Have each change made when it is due, and noted when it is real."""
    events = world.events
    for change in changes:

        def make(change: Change = change, due_s: float = change.at_s + warmup_s) -> None:
            takes_s = world.takes_s(change.node, change.state) if isinstance(change, NodeChange) else 0.0
            timeline.make(change)
            real_s = due_s + takes_s
            events.at(real_s, lambda: journal.event(kind_of(change), due_s, real_s, describe(change)))

        events.at(change.at_s + warmup_s, make)
