"""CPU time of one decision of each strategy, first and repeated, on testbeds of 6 to 409 nodes, slo-mpc up to 1,021.

Run: ``python -m tests.bench.bench_strategy``. Target: within half a period of 1 s at 400 devices, all links measured
differently (nothing to remember from one device to the next); the check of the plan within a tenth.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from telcoai.model.plan import Plan
from telcoai.model.requirements import Requirements
from telcoai.model.topology import Band, DeviceProfile, Link, LinkState, Node, RadioProfile, Speed, Tier, Topology
from telcoai.model.view import LinkView, Moment, NodeView, ServiceView, Strategy, View
from telcoai.model.workload import ExitPoint, Stage, Variant, WorkloadInfo
from telcoai.strategy.bandit import Bandit
from telcoai.strategy.batching import Batching
from telcoai.strategy.check import problems
from telcoai.strategy.early_exit import EarlyExit
from telcoai.strategy.energy_aware import EnergyAware
from telcoai.strategy.greedy import jobs_of
from telcoai.strategy.joules import Powers
from telcoai.strategy.latency_greedy import LatencyGreedy
from telcoai.strategy.lyapunov import Lyapunov
from telcoai.strategy.marginal_power import MarginalPower
from telcoai.strategy.milp import solve
from telcoai.strategy.model_switching import ModelSwitching
from telcoai.strategy.neurosurgeon import Neurosurgeon
from telcoai.strategy.oracle import Oracle
from telcoai.strategy.round_robin import RoundRobin
from telcoai.strategy.sites import as_measured
from telcoai.strategy.slo_mpc import SloMpc
from telcoai.strategy.static import CloudOnly, DeviceOnly, EdgeOnly

FIXED = (DeviceOnly, EdgeOnly, CloudOnly, RoundRobin)
DECIDING = (
    LatencyGreedy,
    EnergyAware,
    Neurosurgeon,
    EarlyExit,
    ModelSwitching,
    Batching,
    MarginalPower,
    SloMpc,
    Lyapunov,
    Bandit,
)
PAST = 60
SIZES = ((4, 1), (40, 4), (400, 8))
LARGEST = (1000, 20)
ROUNDS = 5
TARGET_MS = 500.0


def main() -> None:
    """Print the median of each figure beside its target."""
    for devices, edges in SIZES:
        print(f"{devices} devices, {edges} edges, {devices + edges + 1} nodes")
        for strategy in (*FIXED, *DECIDING):
            _measure(strategy(), _view(devices, edges))
    devices, edges = LARGEST
    print(f"{devices} devices, {edges} edges")
    _measure(SloMpc(), _view(devices, edges))
    _bound()


def _measure(strategy: Strategy, view: View) -> None:
    plan = strategy.plan(view)
    again = _aged(view, plan)
    _show(f"{strategy.name} first", lambda: strategy.plan(view), TARGET_MS)
    _show(f"{strategy.name} again", lambda: strategy.plan(again), TARGET_MS)
    _show(f"{strategy.name} check", lambda: problems(plan, view), TARGET_MS / 5)


def _aged(view: View, plan: Plan) -> View:
    """The view after a minute under a plan, with what was measured."""
    (service,) = view.services
    seen = (replace(service, latency_ms=dict.fromkeys(service.rate_per_s, 90.0)),)
    past = tuple(Moment(float(k), view.links, view.nodes, seen, plan) for k in range(PAST))
    return replace(view, time_s=float(PAST), services=seen, previous=plan, past=past)


def _bound() -> None:
    """The oracle's period: 50 devices, 8 nodes, 6 variants that may go anywhere a strategy looks."""
    view = _view(50, 7)
    (service,) = view.services
    few = replace(service.workload, variants=service.workload.variants[:6])
    asked = replace(service, workload=few, requirements=Requirements(deadline_ms=400.0, accuracy_min=0.86))
    crowded = replace(view, services=(replace(asked, rate_per_s=dict.fromkeys(asked.rate_per_s, 9.0)),))
    sites = as_measured(crowded)
    jobs = jobs_of(crowded, sites)
    start = time.perf_counter()
    found = solve(jobs, sites, Powers(crowded.topology))
    taken = time.perf_counter() - start
    start = time.perf_counter()
    Oracle().plan(crowded)
    whole = time.perf_counter() - start
    print(f"oracle, 50 devices × 8 nodes × 6 variants: {whole:.2f} s, target 5 s; of its MILP, solved before for the")
    print(f"  first time, {taken:.2f} s and gap {found.gap:.1e}, target 1e-3")


def _show(what: str, call: Callable[[], object], target_ms: float) -> None:
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        call()
        times.append(1e3 * (time.process_time() - start))
    print(f"  {what:24} {statistics.median(times):8.1f} ms   target {target_ms:.0f} ms")


def _view(devices: int, edges: int) -> View:
    topology = _topology(devices, edges)
    chance = random.Random(1)
    links = {link.name: LinkView(link.a, link.b, _seen(link.up, chance), link.down) for link in topology.links}
    rates = {node.name: chance.uniform(3, 7) for node in topology.tier(Tier.DEVICE)}
    service = ServiceView("vision", _workload(), Requirements(deadline_ms=150.0, accuracy_min=0.88), rates)
    return View(0.0, 1.0, topology, links, {n.name: NodeView(n.name, True, 0.3) for n in topology.nodes}, (service,))


def _seen(state: LinkState, chance: random.Random) -> LinkState:
    return replace(state, delay_ms=state.delay_ms * chance.uniform(0.9, 1.1))


def _topology(devices: int, edges: int) -> Topology:
    cameras = [Node(f"camera-{k + 1}", Tier.DEVICE, "pi", "camera") for k in range(devices)]
    edge_nodes = [Node(f"edge-{k + 1}", Tier.EDGE, "orin", "edge") for k in range(edges)]
    radio, wire = LinkState(8.0, 2.0, 50e6, 0.001), LinkState(15.0, 0.0, 1e9)
    links = [Link(node.name, edge_nodes[k % edges].name, radio, radio, "5g") for k, node in enumerate(cameras)]
    links += [Link(node.name, "cloud", wire, wire) for node in edge_nodes]
    profiles = {"pi": _profile("pi", 1, 1), "orin": _profile("orin", 1, 300), "server": _profile("server", 64, 60)}
    nodes = (*cameras, *edge_nodes, Node("cloud", Tier.CLOUD, "server", "cloud"))
    slope = Band(20, 20, 20)
    radios = {"5g": RadioProfile("5g", slope, slope, Band(3, 3, 3), Band(10, 10, 10))}
    return Topology("bench", nodes, tuple(links), profiles, radios)


def _profile(name: str, cores: int, gflops: float) -> DeviceProfile:
    speeds = tuple(Speed(p, Band(f * gflops, gflops, f * gflops)) for p, f in (("fp32", 1), ("int8", 2)))
    return DeviceProfile(name, cores, 1 << 32, Band(3, 3, 3), Band(7, 7, 7), Band(0.001, 0.001, 0.001), speeds)


def _workload() -> WorkloadInfo:
    variants = tuple(
        _variant(f"lite{size}-{precision}", precision, size, accuracy)
        for size, accuracy in ((96, 0.88), (128, 0.90), (160, 0.915), (192, 0.925))
        for precision in ("fp32", "int8")
    )
    return WorkloadInfo("bench", "bench", variants, Path("samples.npz"), Path("replay.npz"), 10, 2000)


def _variant(name: str, precision: str, size: int, accuracy: float) -> Variant:
    accuracy -= 0.005 if precision == "int8" else 0
    shapes: tuple[tuple[int, ...], ...] = ((40, size // 8, size // 8), (112, size // 16, size // 16), ())
    stages = tuple(Stage(k, Path(f"{name}.{k}"), 5000 * size * size, 10**6, shapes[k]) for k in range(3))
    rows = {t / 20: (1.6 - t / 20 * 1.4, 0.7 + t / 20 * 0.29) for t in range(10, 20)}
    exits = (ExitPoint(accuracy - 0.15, rows), ExitPoint(accuracy - 0.02, rows), ExitPoint(accuracy, {}))
    return Variant(name, precision, size, 3 * size * size, stages, exits)


if __name__ == "__main__":
    main()
