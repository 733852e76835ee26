"""Views to try a strategy on, without a testbed: for tests of one's own.

``faults`` says what telcoai would hold against a strategy::

    def test_its_plans_can_be_applied():
        assert faults(Mine()) == []

All figures are round ones, made up; what a real testbed does to a strategy, ``telcoai bench`` shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from telcoai.model.plan import Plan
from telcoai.model.read_only import ReadOnly, read_only_topology, read_only_workload
from telcoai.model.requirements import Requirements
from telcoai.model.topology import Band, DeviceProfile, Link, LinkState, Node, RadioProfile, Speed, Tier, Topology
from telcoai.model.view import LinkView, NodeView, ServiceView, Strategy, View
from telcoai.model.workload import ExitPoint, Stage, Variant, WorkloadInfo
from telcoai.strategy.check import problems

ACTIVATIONS = ((40, 16, 16), (112, 8, 8), ())
"""Shapes that stages hand on, like those of a small image classifier."""


def faults(strategy: Strategy) -> list[str]:
    """What is wrong with a strategy's plans for ``trial_views``, a sentence each; empty when nothing is.

    Every plan has to be one that can be applied, and the same view has to give the same plan again, as runs are to be
    reproduced. What the strategy raises comes out: its traceback says more.
    """
    found = []
    previous: Plan | None = None
    for name, view in trial_views().items():
        shown = replace(view, previous=previous)
        plan = strategy.plan(shown)
        wrong = problems(plan, shown)
        found += [f"{name}: {sentence}" for sentence in wrong]
        if not wrong and strategy.plan(shown).assignments != plan.assignments:
            found.append(f"{name}: the same view gave another plan the second time")
        previous = previous if wrong else plan
    return found


def trial_views() -> Mapping[str, View]:
    """What happens in a run, by name and in order: all well, a slow radio, a busy edge, bursts, an edge that is down,
    all of the clouds and edges down, and stricter requirements."""
    calm = trial_view()
    edge, cloud = (calm.topology.tier(tier)[0].name for tier in (Tier.EDGE, Tier.CLOUD))
    slow = {name: _slowed(link) if edge in (link.a, link.b) else link for name, link in calm.links.items()}
    busy = {**calm.nodes, edge: NodeView(edge, alive=True, utilisation=0.97, queue=40)}
    down = {**calm.nodes, edge: NodeView(edge, alive=False)}
    strict = Requirements(percentile=99.0, deadline_ms=20.0, accuracy_min=0.99, energy_per_request_j=0.1)
    changes: dict[str, dict[str, object]] = {
        "all well": {},
        "slow radio": {"links": ReadOnly(slow)},
        "busy edge": {"nodes": ReadOnly(busy)},
        "bursts": {"services": tuple(replace(one, dispersion=9.0) for one in calm.services)},
        "edge down": {"nodes": ReadOnly(down)},
        "edge and cloud down": {"nodes": ReadOnly({**down, cloud: NodeView(cloud, alive=False)})},
        "more asked than can be had": {"services": tuple(replace(one, requirements=strict) for one in calm.services)},
    }
    return {name: replace(calm, time_s=float(k), **fields) for k, (name, fields) in enumerate(changes.items())}  # type: ignore[arg-type]


def trial_view(topology: Topology | None = None, requirements: Requirements | None = None) -> View:
    """All well: every device of the testbed sends 5 requests a second of one service, and has had answers."""
    built = read_only_topology(topology or trial_topology())
    devices = [node.name for node in built.tier(Tier.DEVICE)]
    service = ServiceView(
        name="vision",
        workload=read_only_workload(trial_workload()),
        requirements=requirements or Requirements(percentile=95.0, deadline_ms=150.0, accuracy_min=0.88),
        rate_per_s=ReadOnly(dict.fromkeys(devices, 5.0)),
        latency_ms=ReadOnly(dict.fromkeys(devices, 60.0)),
    )
    links = {link.name: LinkView(link.a, link.b, link.up, link.down) for link in built.links}
    nodes = {node.name: NodeView(node.name, alive=True, utilisation=0.1) for node in built.nodes}
    return View(0.0, 1.0, built, ReadOnly(links), ReadOnly(nodes), (service,), seed=7)


def trial_topology(devices: int = 3) -> Topology:
    """Cameras on a radio cell, an edge node behind it, and a cloud: ``camera-1`` …, ``edge-1``, ``cloud-1``.

    Names that differ from those of the testbeds that come with telcoai, so that a strategy which only knows those is
    found out.
    """
    cameras = [Node(f"camera-{k}", Tier.DEVICE, "board", "camera") for k in range(1, devices + 1)]
    above = [Node("edge-1", Tier.EDGE, "accelerator", "edge"), Node("cloud-1", Tier.CLOUD, "server", "cloud")]
    air, fibre = LinkState(8.0, 2.0, 50e6, 0.001), LinkState(10.0)
    links = [Link(node.name, "edge-1", air, air, "radio") for node in cameras]
    links.append(Link("edge-1", "cloud-1", fibre, fibre))
    profiles = {"board": _profile("board", 4, 8.0), "accelerator": _profile("accelerator", 1, 150.0)}
    profiles["server"] = _profile("server", 32, 60.0)
    radio = RadioProfile("radio", _exactly(32.0), _exactly(15.0), _exactly(3.0), _exactly(10.0))
    return Topology("trial", (*cameras, *above), tuple(links), profiles, {"radio": radio})


def trial_workload() -> WorkloadInfo:
    """Two variants, a quick one and an accurate one, of three stages each; its files don't exist."""
    variants = (_variant("small-int8", "int8", 60_000_000, 0.90), _variant("large-fp32", "fp32", 240_000_000, 0.94))
    return WorkloadInfo("trial", "trial", variants, Path("samples.npz"), Path("replay.npz"), 10, 1000)


def _variant(name: str, precision: str, flops: int, accuracy: float) -> Variant:
    stages = tuple(
        Stage(k, Path(f"{name}.{k}.onnx"), flops // 3, 1 << 20, shape) for k, shape in enumerate(ACTIVATIONS)
    )
    early = [ExitPoint(accuracy - less, {0.8: (0.6, accuracy), 0.95: (0.3, 0.99)}) for less in (0.1, 0.02)]
    return Variant(name, precision, 128, 3 * 128 * 128, stages, (*early, ExitPoint(accuracy, {})))


def _profile(name: str, cores: int, gflops: float) -> DeviceProfile:
    speeds = (Speed("fp32", _exactly(gflops)), Speed("int8", _exactly(2 * gflops)))
    return DeviceProfile(name, cores, 4 << 30, _exactly(3.0), _exactly(7.0), _exactly(0.001), speeds)


def _exactly(value: float) -> Band:
    return Band(value, value, value)


def _slowed(link: LinkView) -> LinkView:
    return replace(link, up=replace(link.up, delay_ms=80.0), down=replace(link.down, delay_ms=80.0))
