"""Small resolved testbeds, workloads and scenarios for tests."""

from __future__ import annotations

from pathlib import Path

from telcoai.model.requirements import Requirements
from telcoai.model.scenario import Demand, Scenario, Service
from telcoai.model.topology import (
    Band,
    DeviceProfile,
    Link,
    LinkState,
    Node,
    RadioProfile,
    Speed,
    Tier,
    Topology,
)
from telcoai.model.workload import ExitPoint, Stage, Variant, WorkloadInfo


def band(value: float) -> Band:
    """A figure without a range."""
    return Band(value, value, value)


def small_topology(name: str = "small", cameras: int = 2) -> Topology:
    """Cameras behind an edge behind a cloud."""
    profile = DeviceProfile(
        "board", 4, 2 << 30, band(2.7), band(6.4), band(0.001), (Speed("fp32", band(8)), Speed("int8", band(16)))
    )
    nodes = [Node(f"camera-{k}", Tier.DEVICE, "board", "camera") for k in range(1, cameras + 1)]
    nodes += [Node("edge", Tier.EDGE, "board", "edge"), Node("cloud", Tier.CLOUD, "board", "cloud")]
    air = LinkState(8.0, 1.0, 50e6)
    wire = LinkState(15.0)
    links = [Link(f"camera-{k}", "edge", air, air, "5g") for k in range(1, cameras + 1)]
    links.append(Link("edge", "cloud", wire, wire))
    radio = RadioProfile("5g", band(32.0), band(15.0), band(3.0), band(10.0))
    return Topology(name, tuple(nodes), tuple(links), {"board": profile}, {"5g": radio})


def small_workload() -> WorkloadInfo:
    """Two variants of three stages; its files don't exist."""
    exits = tuple(ExitPoint(a, {0.5: (1.0, a), 0.8: (0.5, min(1.0, a + 0.1))}) for a in (0.7, 0.8, 0.9))

    def variant(name: str, precision: str, flops: int) -> Variant:
        shapes: tuple[tuple[int, ...], ...] = ((40, 16, 16), (112, 8, 8), ())
        stages = tuple(Stage(k, Path(f"{name}.{k}.onnx"), flops, 1000, shapes[k]) for k in range(3))
        return Variant(name, precision, 128, 128 * 128 * 3, stages, exits)

    variants = (variant("small-fp32", "fp32", 40_000_000), variant("small-int8", "int8", 40_000_000))
    return WorkloadInfo("tiny", "tiny", variants, Path("samples.npz"), Path("replay.npz"), 10, 100)


def small_scenario(**changes: object) -> Scenario:
    """One service on all cameras of the small topology."""
    topology = small_topology()
    cameras = tuple(node.name for node in topology.tier(Tier.DEVICE))
    service = Service("vision", "tiny", cameras, Demand("poisson", 5.0), Requirements(95, 150.0, 0.8))
    facts: dict[str, object] = {
        "name": "small",
        "topology": topology,
        "services": (service,),
        "timeline": (),
        "strategies": ("a", "b", "c"),
        "seed": 7,
    }
    return Scenario(**(facts | changes))  # type: ignore[arg-type]
