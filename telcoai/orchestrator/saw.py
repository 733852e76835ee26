"""What a strategy saw, as plain values small enough for a line of decisions.jsonl, and a view from them again.

Kept is what differs: of links what isn't as the view's own testbed has it, of nodes those that do something or are
down. Figures have four digits. Not kept: the past, and the plan before (an earlier line has it).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from telcoai.model.requirements import Requirements
from telcoai.model.topology import Link, LinkState, Topology
from telcoai.model.view import LinkView, NodeView, Resident, ServiceView, View
from telcoai.model.workload import WorkloadInfo

Plain = Mapping[str, Any]

DIGITS = 4


def saw(view: View) -> dict[str, Any]:
    """What the view holds, as JSON can hold it."""
    links = {link.name: _link(link, view.links.get(link.name)) for link in view.topology.links}
    nodes = {name: _node(node) for name, node in view.nodes.items()}
    return {
        "time_s": round(view.time_s, 3),
        "period_s": view.period_s,
        "seed": view.seed,
        "services": {service.name: _service(service) for service in view.services},
        "links": {name: found for name, found in links.items() if found},
        "nodes": {name: found for name, found in nodes.items() if found},
    }


def view_of(plain: Plain, topology: Topology, workloads: Mapping[str, WorkloadInfo]) -> View:
    """The view again, to four digits; ``workloads`` by service. KeyError or TypeError for what ``saw`` never wrote."""
    links = {link.name: _link_view(link, plain["links"].get(link.name, {})) for link in topology.links}
    nodes = {node.name: _node_view(node.name, plain["nodes"].get(node.name, {})) for node in topology.nodes}
    services = tuple(_service_view(name, one, workloads[name]) for name, one in plain["services"].items())
    return View(plain["time_s"], plain["period_s"], topology, links, nodes, services, seed=plain["seed"])


def _service(service: ServiceView) -> dict[str, Any]:
    asked = dataclasses.asdict(service.requirements)
    found: dict[str, Any] = {
        "requirements": {name: value for name, value in asked.items() if value is not None},
        "rate_per_s": _rounded_all(service.rate_per_s),
        "latency_ms": _rounded_all(service.latency_ms),
    }
    if service.frames != "raw":
        found |= {"frames": service.frames, "frame_bytes": dict(service.frame_bytes)}
    if service.domain:
        found["domain"] = service.domain
    if _rounded(service.dispersion) != 1:
        found["dispersion"] = _rounded(service.dispersion)
    return found


def _service_view(name: str, plain: Plain, workload: WorkloadInfo) -> ServiceView:
    return ServiceView(name, workload, **{**plain, "requirements": Requirements(**plain["requirements"])})


def _link(built: Link, seen: LinkView | None) -> dict[str, dict[str, float]]:
    if seen is None:
        return {}
    ways = {"up": _unlike(built.up, seen.up), "down": _unlike(built.down, seen.down)}
    return {way: found for way, found in ways.items() if found}


def _unlike(built: LinkState, seen: LinkState) -> dict[str, float]:
    pairs = [(one.name, getattr(seen, one.name), getattr(built, one.name)) for one in dataclasses.fields(LinkState)]
    return {name: _rounded(now) for name, now, then in pairs if _rounded(now) != _rounded(then)}


def _link_view(built: Link, plain: Plain) -> LinkView:
    up, down = (dataclasses.replace(getattr(built, way), **plain.get(way, {})) for way in ("up", "down"))
    return LinkView(built.a, built.b, up, down)


def _node_view(name: str, plain: Plain) -> NodeView:
    resident = tuple(
        Resident(workload, variant, tuple(stages)) for workload, variant, stages in plain.get("resident", ())
    )
    return NodeView(name, **{"alive": True, **plain, "resident": resident})


def _node(node: NodeView) -> dict[str, Any]:
    found: dict[str, Any] = {} if node.alive else {"alive": False}
    if node.utilisation:
        found["utilisation"] = _rounded(node.utilisation)
    if node.queue:
        found["queue"] = node.queue
    if node.resident:
        found["resident"] = [[one.workload, one.variant, list(one.stages)] for one in node.resident]
    if node.memory_free is not None:
        found["memory_free"] = node.memory_free
    if node.charge_j is not None:
        found["charge_j"] = _rounded(node.charge_j)
    return found


def _rounded_all(values: Mapping[str, float]) -> dict[str, float]:
    return {name: _rounded(value) for name, value in values.items()}


def _rounded(value: float) -> float:
    """Four digits; whole numbers stay as they are."""
    return value if isinstance(value, int) else float(f"{value:.{DIGITS}g}")
