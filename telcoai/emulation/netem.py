"""Links of a testbed as calls of tc, for kernels that have netem: pure construction.

Nodes of a cluster see each other directly, so that a path over several links becomes one netem at its source: delays
add up, the rate is the narrowest link's, losses multiply. What leaves a node over its first link shares that link's
rate; links farther on aren't shared between sources, which the userspace network does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from telcoai.emulation.layout import Layout, NodeLayout
from telcoai.emulation.shaper import default_queue_bytes
from telcoai.model.routes import Step, routes_from
from telcoai.model.topology import Link, LinkState

Call = list[str]
"""Words of one call of tc."""

_FIRST_CLASS, _PATH_CLASS = 0x10, 0x100
"""First class numbers of links that begin at a node, and of paths."""

_LEAST_PACKETS = 100


@dataclass(frozen=True, slots=True)
class PathClass:
    """The class of tc, in hex, that carries what goes from ``source`` to ``target``, and the links' directions."""

    source: str
    target: str
    number: str
    crossed: tuple[tuple[str, str], ...]


def calls(layout: Layout, links: Iterable[Link], devices: Mapping[str, str]) -> dict[str, list[Call]]:
    """What sets the links' states, by node; ``devices``: the interface over which a node reaches the others."""
    known = tuple(links)
    nodes = {node.name: node for node in layout.nodes}
    return {name: _of_node(nodes, known, name, devices[name]) for name in nodes}


def paths(layout: Layout, links: Iterable[Link]) -> list[PathClass]:
    """Every path's class, so that what tc counts of it can be counted for the links that it crosses."""
    known = tuple(links)
    return [
        PathClass(node.name, target, f"{number:x}", tuple((s.link.name, "up" if s.upward else "down") for s in steps))
        for node in layout.nodes
        for number, (target, steps) in enumerate(_targets(known, node.name), _PATH_CLASS)
    ]


def composed(states: Iterable[LinkState]) -> LinkState:
    """One state that does to a packet what all of them do in turn. Jitters are independent: their squares add up."""
    crossed = list(states)
    return LinkState(
        delay_ms=sum(one.delay_ms for one in crossed),
        jitter_ms=math.sqrt(sum(one.jitter_ms**2 for one in crossed)),
        rate_bps=min(one.rate_bps for one in crossed),
        loss=1 - math.prod(1 - one.loss for one in crossed),
        reorder=1 - math.prod(1 - one.reorder for one in crossed),
        queue_bytes=min(one.queue_bytes or default_queue_bytes(one.rate_bps) for one in crossed),
    )


def undo(device: str) -> Call:
    """What takes all of it away from an interface."""
    return ["tc", "qdisc", "del", "dev", device, "root"]


def _targets(links: tuple[Link, ...], source: str) -> list[tuple[str, tuple[Step, ...]]]:
    return [(target, steps) for target, steps in routes_from(links, source).items() if steps]


def _of_node(nodes: Mapping[str, NodeLayout], links: tuple[Link, ...], source: str, device: str) -> list[Call]:
    """A root whose default class holds nothing back, a class for each first link, and one in it for each path."""
    at = ["dev", device]
    root: Call = ["tc", "qdisc", "replace", *at, "root", "handle", "1:", "htb", "default", "1"]
    free: Call = ["tc", "class", "replace", *at, "parent", "1:", "classid", "1:1", "htb", "rate", "100gbit"]
    made: list[Call] = [root, free]
    firsts: dict[str, str] = {}
    for number, (target, steps) in enumerate(_targets(links, source), _PATH_CLASS):
        first = steps[0].link.name
        if first not in firsts:
            firsts[first] = f"1:{_FIRST_CLASS + len(firsts):x}"
            made.append(_class(at, "1:", firsts[first], steps[0].state.rate_bps))
        state = composed(step.state for step in steps)
        made.append(_class(at, firsts[first], f"1:{number:x}", state.rate_bps))
        made.append(_netem(at, number, state))
        made += [_filter(at, str(network), number) for network in nodes[target].networks]
    return made


def _class(at: list[str], parent: str, number: str, rate_bps: float) -> Call:
    rate = f"{round(rate_bps)}bit"
    return ["tc", "class", "replace", *at, "parent", parent, "classid", number, "htb", "rate", rate, "ceil", rate]


def _netem(at: list[str], number: int, state: LinkState) -> Call:
    limit = max(_LEAST_PACKETS, round(state.queue_bytes / 1000 + state.rate_bps * state.delay_ms / 8e6))
    words = ["netem", "limit", str(limit), "delay", f"{state.delay_ms:.3f}ms"]
    if state.jitter_ms:
        words.append(f"{state.jitter_ms:.3f}ms")
    if state.loss:
        words += ["loss", f"{state.loss * 100:.4f}%"]
    if state.reorder:
        words += ["reorder", f"{state.reorder * 100:.4f}%"]
    parent, handle = f"1:{number:x}", f"{number:x}:"
    return ["tc", "qdisc", "replace", *at, "parent", parent, "handle", handle, *words]


def _filter(at: list[str], network: str, number: int) -> Call:
    """Each network has a preference of its own, so that setting it again replaces it."""
    match = ["u32", "match", "ip", "dst", network, "flowid", f"1:{number:x}"]
    preference = str(number * 2 + (1 if network.endswith("/32") else 0))
    return ["tc", "filter", "replace", *at, "parent", "1:", "protocol", "ip", "pref", preference, *match]
