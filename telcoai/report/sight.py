"""What a strategy saw, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from telcoai.model.topology import Link, LinkState, Topology
from telcoai.model.view import NodeView, ServiceView, View
from telcoai.report.changes import FIELDS, describe_requirements

NOTABLE_SHARE, NOTABLE_MS = 0.1, 1.0
"""A delay is told where it is off by more than both of these from the testbed's file: measured ones always differ."""

IDLE = 0.005
"""Utilisation below which a node counts as idle."""


def describe_view(view: View) -> tuple[str, ...]:
    """A line for each service, kind of link that isn't as the testbed's file has it, and kind of node that is busy."""
    services = [line for service in view.services for line in _service(service)]
    return (*services, *_links(view), *_nodes(view))


def span(values: Iterable[float], form: str = "{:.3g}") -> str:
    """``9.1–10.4``, or one figure where all look alike."""
    ordered = sorted(values)
    ends = dict.fromkeys((form.format(ordered[0]), form.format(ordered[-1])))
    return "–".join(ends)


def _service(service: ServiceView) -> list[str]:
    rates = service.rate_per_s
    sent = f"{span(rates.values())} requests/s from each of {len(rates)} devices" if rates else "no device sends"
    if (index := round(service.dispersion, 1)) != 1:
        how = "in bursts" if index > 1 else "at more regular intervals than by chance"
        sent += f" {how} (index of dispersion {index})"
    lines = [
        f"{service.name} asks for {describe_requirements(asdict(service.requirements))}",
        f"{service.name}: {sent}",
    ]
    if service.latency_ms:
        p = f"p{service.requirements.percentile:g}"
        lines[-1] += f"; {p} measured {span(service.latency_ms.values())} ms"
    return lines


def _links(view: View) -> list[str]:
    groups = {node.name: node.group for node in view.topology.nodes}
    kinds: dict[str, list[Link]] = {}
    for link in view.topology.links:
        kinds.setdefault(f"{groups[link.a]} – {groups[link.b]}", []).append(link)
    told = [f"links {kind}: {words}" for kind, links in kinds.items() if (words := _kind(links, view))]
    return told or ["all links as in the testbed's file"]


def _kind(links: list[Link], view: View) -> str:
    """What is off on links of one kind, field by field."""
    parts = []
    for field, word, form, scale in FIELDS:
        off = [pair for link in links for pair in _off(link, view, field)]
        if off:
            number, _, unit = form.partition(" ")
            now, then = span((one.now * scale for one in off), number), span((one.then * scale for one in off), number)
            count = len({one.link for one in off})
            parts.append(f"{word} {now} {unit} instead of {then} {unit} ({count} of {len(links)})")
    return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class _Off:
    """A figure of one direction of a link, as seen and as in the testbed's file."""

    link: str
    now: float
    then: float


def _off(link: Link, view: View, field: str) -> list[_Off]:
    """Of both directions what is off notably."""
    seen = view.links.get(link.name)
    if seen is None:
        return []
    ways: list[tuple[LinkState, LinkState]] = [(seen.up, link.up), (seen.down, link.down)]
    pairs = [_Off(link.name, getattr(now, field), getattr(then, field)) for now, then in ways]
    return [pair for pair in pairs if _notable(field, pair.now, pair.then)]


def _notable(field: str, now: float, then: float) -> bool:
    if field != "delay_ms":
        return now != then
    return abs(now - then) > max(NOTABLE_MS, NOTABLE_SHARE * then)


def _nodes(view: View) -> list[str]:
    down = [name for name, node in view.nodes.items() if not node.alive]
    busy = [
        f"{kind} {words}" for kind, nodes in _by_group(view.topology, view.nodes).items() if (words := _busy(nodes))
    ]
    return [f"busy: {'; '.join(busy) or 'no node'}", *([f"down: {', '.join(down)}"] if down else [])]


def _by_group(topology: Topology, nodes: Mapping[str, NodeView]) -> dict[str, list[NodeView]]:
    found: dict[str, list[NodeView]] = {}
    for node in topology.nodes:
        if node.name in nodes and nodes[node.name].alive:
            found.setdefault(node.group, []).append(nodes[node.name])
    return found


def _busy(nodes: list[NodeView]) -> str:
    queue = sum(node.queue for node in nodes)
    used = [node.utilisation for node in nodes]
    if max(used) < IDLE and not queue:
        return ""
    return f"{span((100 * one for one in used), '{:.0f}')} %" + (f", {queue} waiting" if queue else "")
