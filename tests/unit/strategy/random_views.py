"""Views as they may come: any testbed, link, load, requirement and plan in force."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from telcoai.model.requirements import Requirements
from telcoai.model.topology import Battery, LinkState, Node, Tier, Topology
from telcoai.model.view import LinkView, NodeView, ServiceView, View

from .conftest import profile, topology, workload

states = st.builds(LinkState, *(st.floats(0, 300), st.floats(0, 20), st.floats(1e4, 1e10), st.floats(0, 0.5)))
requirements = st.builds(
    Requirements,
    st.floats(50, 99.9),
    st.none() | st.floats(1, 2000),
    st.none() | st.floats(0, 1),
    lasts_s=st.none() | st.floats(1, 1e5),
    weight=st.floats(0.1, 10),
)


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    """A few cameras of any speed behind a few edges, closed to some or not; some links may be missing."""
    built = topology(draw(st.integers(1, 5)), draw(st.integers(1, 3)))
    built = replace(built, profiles={**built.profiles, "pi": profile("pi", 1, draw(st.floats(0.5, 50)))})
    built = replace(built, nodes=tuple(replace(node, **_owned(node, draw)) for node in built.nodes))
    if draw(st.booleans()):
        built = replace(built, links=built.links[draw(st.integers(0, 2)) :])
    return built


def _owned(node: Node, draw: st.DrawFn) -> dict[str, Any]:
    """Devices are everybody's; who a server belongs to decides who may run there."""
    closed = node.tier != Tier.DEVICE and draw(st.booleans())
    has_battery = node.tier == Tier.DEVICE and draw(st.booleans())
    owned = {"domain": "north", "open_to": draw(st.sampled_from([(), ("south",)]))} if closed else {}
    return owned | ({"battery": Battery(1e4, 5e3)} if has_battery else {})


@st.composite
def views(draw: st.DrawFn) -> View:
    """One or two services on a random testbed in a random state."""
    built = draw(topologies())
    devices = [node.name for node in built.tier(Tier.DEVICE)]
    services = tuple(
        ServiceView(
            name,
            workload(),
            draw(requirements),
            {device: draw(st.floats(0, 100)) for device in devices},
            domain=draw(st.sampled_from(["", "north", "south"])),
            dispersion=draw(st.sampled_from([0.0, 1.0, 12.0])),
        )
        for name in ("vision", "audio")[: draw(st.integers(1, 2))]
    )
    links = {link.name: LinkView(link.a, link.b, draw(states), draw(states)) for link in built.links}
    nodes = {
        node.name: NodeView(
            node.name,
            draw(st.booleans()),
            draw(st.floats(0, 1)),
            draw(st.integers(0, 300)),
            charge_j=draw(st.floats(0, 5e3)) if node.battery else None,
        )
        for node in built.nodes
    }
    return View(0.0, 1.0, built, links, nodes, services)
