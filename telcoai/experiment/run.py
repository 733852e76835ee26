"""One run: a strategy in charge of the deployment while drivers send and the timeline disturbs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from telcoai.errors import PluginError, TelcoaiError
from telcoai.experiment.drivers import Drivers, driver_configs, may_share
from telcoai.experiment.folder import RunFolder
from telcoai.experiment.foresight import tell_future
from telcoai.experiment.host import HostWatch
from telcoai.experiment.matrix import RunKey, derive_seed
from telcoai.experiment.pod_drivers import Clock, PodDrivers
from telcoai.experiment.session import Session
from telcoai.model.scenario import NodeState
from telcoai.model.topology import LinkState
from telcoai.model.view import Strategy
from telcoai.network.probe import LinkProbe
from telcoai.orchestrator.asked import asked_at_first
from telcoai.orchestrator.batteries import stop_empty
from telcoai.orchestrator.clock import RunClock
from telcoai.orchestrator.figures import Figures, growth
from telcoai.orchestrator.journal import Journal
from telcoai.orchestrator.loop import Loop, await_loaded, play_alongside
from telcoai.orchestrator.measured import measure_links
from telcoai.orchestrator.observe import Observer
from telcoai.orchestrator.pod_cpu import CpuPair
from telcoai.orchestrator.pod_deployment import PodDeployment
from telcoai.orchestrator.runtime_applier import RuntimeApplier
from telcoai.orchestrator.timeline import Timeline

FIRST_PLAN_S = 10.0
"""A strategy may take so long for its first plan, at least: the run begins after it, and much is imported for it."""


FIRST_LOADS_S = 60.0
"""The models of the first plan may take so long to load: they are there when the run begins."""


@dataclass
class Outcome:
    """What a run left in memory, for its tables and checks. Figures are by node."""

    key: RunKey
    t0_ns: int
    started: str
    configs: Mapping[str, dict[str, Any]]
    before: Figures
    after: Figures = field(default_factory=dict)
    probe: LinkProbe | None = None
    host_utilisation: tuple[float, ...] = ()
    clock_jump_ms: float = 0.0
    failures: list[str] = field(default_factory=list)
    cut: frozenset[str] = frozenset()
    stopped: set[str] = field(default_factory=set)
    """Nodes that the timeline stopped at some time: their runtimes' counters are lost."""
    down: set[str] = field(default_factory=set)
    """Nodes that the timeline stopped and did not start again."""
    interrupted: bool = False
    error: str = ""
    clocks: Mapping[str, Clock] = field(default_factory=dict)
    """Clocks of nodes against this machine's, where they had to be measured."""
    cpu: tuple[CpuPair, ...] = ()
    ended_s: float = 0.0
    batteries: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def partial(self) -> bool:
        """Whether the run ended before its time."""
        return self.interrupted or bool(self.error)


def drive(session: Session, strategy: Strategy, key: RunKey, folder: RunFolder) -> Outcome:
    """Make the run and leave drivers' streams, decisions.jsonl and events.jsonl in ``folder``.

    A first Ctrl-C ends the run early and in order (``interrupted``), and so does an error (``error``).
    """
    scenario = session.scenario
    workloads = session.deployment.workloads
    configs = driver_configs(scenario, key, workloads, folder)
    tell_future(strategy, scenario, configs, workloads)
    if getattr(strategy, "placed_by_cluster", False) and scenario.topology.cluster is not None:
        session.deployment.place(len(configs))  # takes seconds, which a run that has begun wouldn't have
    drivers = _drivers(session, key, folder, configs)
    lead_s = drivers.prepare()
    clock = RunClock(time.monotonic_ns() + int(lead_s * 1e9))
    probe = LinkProbe(session.testbed.network.links(), measure_links(session.testbed), clock.t0_ns)
    applier = RuntimeApplier(session.deployment, probe)
    started = datetime.now(UTC).isoformat()
    outcome = Outcome(key, clock.t0_ns, started, drivers.configs, applier.figures(), probe=probe)
    journal = Journal(folder.path)
    players = _Players(key, clock, applier, drivers, journal, outcome.before)
    session.deployment.begin()
    try:
        probe.measure_once()
        loop = _planned(session, strategy, players, lead_s)
        clock.start_in(lead_s)
        outcome.t0_ns = clock.t0_ns
        drivers.start(clock.t0_ns)
        probe.start(clock.t0_ns)
        _conduct(session, players, loop, outcome)
    except KeyboardInterrupt:
        outcome.interrupted = True
    except TelcoaiError as err:
        outcome.error = err.message
    finally:
        clock.stopped.set()
        outcome.ended_s = max(clock.now_s(), 0.0)
        probe.stop()
    try:
        _close(session, players, outcome)
    except TelcoaiError as err:
        outcome.error = outcome.error or err.message
    outcome.failures += journal.failures + ([f"link probe: {probe.failure}"] if probe.failure else [])
    return outcome


def _drivers(
    session: Session, key: RunKey, folder: RunFolder, configs: Mapping[str, dict[str, Any]]
) -> Drivers | PodDrivers:
    """The drivers that fit the deployment; nothing is started yet."""
    if isinstance(session.deployment, PodDeployment):
        return PodDrivers(session.deployment, folder, key.name, configs)
    return Drivers(session.testbed, folder, configs, shared=may_share(session.scenario, len(configs)))


@dataclass(frozen=True)
class _Players:
    key: RunKey
    clock: RunClock
    applier: RuntimeApplier
    drivers: Drivers | PodDrivers
    journal: Journal
    before: Figures


def _close(session: Session, players: _Players, outcome: Outcome) -> None:
    """End the drivers, read the last figures, and find runtimes that are gone though the timeline didn't stop them."""
    outcome.cut = frozenset(players.drivers.cut)
    outcome.failures += players.drivers.finish(0.0 if outcome.partial else _patience_s(players.drivers))
    outcome.after = players.applier.all_figures()
    outcome.cpu = session.deployment.end()
    outcome.clocks = getattr(players.drivers, "clocks", {})
    up = [node for node in outcome.after if node not in outcome.down]
    ended = session.deployment.ended(up)
    mute = [f"runtime on {node} does not answer" for node in up if outcome.after[node] is None]
    outcome.failures += ended or mute


def _planned(session: Session, strategy: Strategy, players: _Players, lead_s: float) -> Loop:
    """The loop with its first plan in force, which takes as long as it takes: the run begins after that."""
    scenario = session.scenario
    observer = Observer(
        scenario.topology,
        scenario.services,
        session.deployment.workloads,
        scenario.period_s,
        derive_seed(players.key.seed, "strategy"),  # not the arrivals' own: a strategy could rebuild the future
        asked_at_first(scenario),
        session.deployment.frame_bytes,
        scenario.knowledge,
    )
    loop = Loop(strategy, players.applier, observer, players.journal)
    loop.step(-lead_s, max(scenario.period_s, FIRST_PLAN_S))
    if loop.plan is None:
        raise PluginError(
            f"strategy {players.key.strategy} gave no first plan: {'; '.join(players.journal.failures)}",
            "run telcoai strategies to see those that come with telcoai",
        )
    await_loaded(players.applier, FIRST_LOADS_S)
    return loop


def _conduct(session: Session, players: _Players, loop: Loop, outcome: Outcome) -> None:
    scenario = session.scenario
    total_s = scenario.warmup_s + scenario.duration_s
    disturber = NodesWithDrivers(players.applier, players.drivers, outcome)
    timeline = Timeline(scenario.timeline, scenario.warmup_s, disturber, loop.observer.asked)
    batteries = loop.observer.batteries

    def each(time_s: float) -> None:
        stop_empty(batteries, disturber, players.journal, time_s)
        _tell(session, players, loop.figures, time_s)

    with HostWatch() as watch:
        players.clock.wait_until(0.0)
        thread = play_alongside(timeline, players.clock, players.journal)
        try:
            loop.run(players.clock, total_s, each)
            figures = players.applier.figures()
            loop.note_moved(figures, players.clock.now_s())
            batteries.read(total_s, figures)
        finally:
            outcome.batteries = batteries.facts()
            players.clock.stopped.set()
            thread.join(timeout=30)
            outcome.host_utilisation = tuple(watch.readings)
            outcome.clock_jump_ms = watch.clock_jump_ms()
            outcome.failures += timeline.failures


@dataclass(frozen=True)
class NodesWithDrivers:
    """Makes the timeline's changes, and keeps drivers in step with the nodes that they run on."""

    applier: RuntimeApplier
    drivers: Drivers | PodDrivers
    outcome: Outcome

    def change_link(self, name: str, up: LinkState, down: LinkState) -> None:
        """As the applier does it."""
        self.applier.change_link(name, up, down)

    def change_node(self, name: str, state: NodeState) -> None:
        """Do to a node as the state says; drivers end with a node that stops, and go on once it is back."""
        if state in ("stopped", "killed"):
            self.outcome.stopped.add(name)
        if state == "stopped":
            self.outcome.down.add(name)
            self.drivers.node_stopped(name)
        self.applier.change_node(name, state)
        if state == "running" and name in self.outcome.down:
            self.outcome.down.discard(name)
            self.drivers.node_started(name)


def _tell(session: Session, players: _Players, figures: Figures, time_s: float) -> None:
    live = players.drivers.live()
    done = sum(one["done"] for one in live)
    session.story.live(
        {
            "run": players.key.name,
            "elapsed_s": time_s,
            "total_s": session.scenario.warmup_s + session.scenario.duration_s,
            "sent": sum(one["sent"] for one in live),
            "done": done,
            "errors": sum(one["errors"] for one in live),
            "p95_ms": max((one["p95_ms"] or 0.0 for one in live), default=0.0),
            "correct": sum((one["correct"] or 0.0) * one["done"] for one in live) / done if done else 0.0,
            "compute_j": compute_energy_j(session, players.before, figures),
        }
    )


def compute_energy_j(session: Session, before: Figures, now: Figures) -> float:
    """Modelled energy of busy cores since ``before``: core-seconds × (busy − idle power) / cores, over all nodes."""
    total_j = 0.0
    for node in session.scenario.topology.nodes:
        profile = session.scenario.topology.profile_of(node.name)
        power_w = (profile.power_busy_w.value - profile.power_idle_w.value) / profile.cores
        total_j += power_w * growth(before.get(node.name), now.get(node.name), "busy_core_ns") / 1e9
    return total_j


def _patience_s(drivers: Drivers | PodDrivers) -> float:
    """How long drivers may take to end after the last send: their requests' timeout and a little more."""
    return max((config["timeout_s"] for config in drivers.configs.values()), default=0.0) + 5.0
