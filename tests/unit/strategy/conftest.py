"""Small testbeds and a small workload that the tests of strategies share."""

from __future__ import annotations

from pathlib import Path

from telcoai.model.requirements import Requirements
from telcoai.model.topology import Band, DeviceProfile, Link, LinkState, Node, RadioProfile, Speed, Tier, Topology
from telcoai.model.view import LinkView, NodeView, ServiceView, View
from telcoai.model.workload import ExitPoint, Stage, Variant, WorkloadInfo

RADIO = RadioProfile("5g", Band(30, 30, 30), Band(15, 15, 15), Band(3, 3, 3), Band(10, 10, 10))


def band(value: float) -> Band:
    return Band(value, value * 0.8, value * 1.2)


def profile(name: str, cores: int, gflops: float) -> DeviceProfile:
    speeds = (Speed("fp32", band(gflops)), Speed("int8", band(2 * gflops)))
    return DeviceProfile(name, cores, 4 << 30, band(3), band(7), Band(0.001, 0.001, 0.001), speeds)


def variant(name: str, precision: str, size: int, mflops: int, accuracy: float) -> Variant:
    shapes: tuple[tuple[int, ...], ...] = ((40, 16, 16), (112, 8, 8), ())
    stages = tuple(Stage(k, Path(f"{name}.{k}"), mflops * 1_000_000 // 3, 1000, shapes[k]) for k in range(3))
    exits = (
        ExitPoint(accuracy - 0.14, {0.5: (0.8, 0.83), 0.8: (0.4, 0.97), 0.95: (0.2, 0.99)}),
        ExitPoint(accuracy - 0.02, {0.5: (0.92, 0.92), 0.8: (0.75, 0.98)}),
        ExitPoint(accuracy, {}),
    )
    return Variant(name, precision, size, 3 * size * size, stages, exits)


def workload() -> WorkloadInfo:
    variants = (
        variant("small-int8", "int8", 96, 100, 0.885),
        variant("small-fp32", "fp32", 96, 100, 0.89),
        variant("large-int8", "int8", 160, 400, 0.915),
        variant("large-fp32", "fp32", 160, 400, 0.925),
    )
    return WorkloadInfo("toy", "toy", variants, Path("s.npz"), Path("r.npz"), 10, 2000)


def topology(devices: int = 4, edges: int = 1, delay_ms: float = 8, rate_bps: float = 50e6) -> Topology:
    cameras = [Node(f"camera-{k + 1}", Tier.DEVICE, "pi", "camera") for k in range(devices)]
    edge_nodes = [Node(f"edge-{k + 1}", Tier.EDGE, "orin", "edge") for k in range(edges)]
    radio = LinkState(delay_ms, 2.0, rate_bps, 0.001)
    wire = LinkState(15.0, 0.0, 1e9)
    links = [Link(n.name, edge_nodes[k % edges].name, radio, radio, "5g") for k, n in enumerate(cameras)]
    links += [Link(n.name, "cloud", wire, wire) for n in edge_nodes]
    profiles = {"pi": profile("pi", 4, 8), "orin": profile("orin", 2, 60), "server": profile("server", 16, 120)}
    nodes = (*cameras, *edge_nodes, Node("cloud", Tier.CLOUD, "server", "cloud"))
    return Topology("toy", nodes, tuple(links), profiles, {"5g": RADIO})


def view(built: Topology | None = None, accuracy: float | None = 0.86, rate: float = 5.0) -> View:
    built = built or topology()
    rates = {node.name: rate for node in built.tier(Tier.DEVICE)}
    service = ServiceView("vision", workload(), Requirements(accuracy_min=accuracy), rates)
    links = {link.name: LinkView(link.a, link.b, link.up, link.down) for link in built.links}
    return View(0.0, 1.0, built, links, {n.name: NodeView(n.name, True) for n in built.nodes}, (service,))
