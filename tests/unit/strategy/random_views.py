"""Views as they may come: any testbed, link, load, requirement and plan in force."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from telcoai.model.requirements import Requirements
from telcoai.model.topology import LinkState, Tier, Topology
from telcoai.model.view import LinkView, NodeView, ServiceView, View

from .conftest import profile, topology, workload

states = st.builds(LinkState, *(st.floats(0, 300), st.floats(0, 20), st.floats(1e4, 1e10), st.floats(0, 0.5)))
requirements = st.builds(Requirements, st.floats(50, 99.9), st.none() | st.floats(1, 2000), st.none() | st.floats(0, 1))


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    """A few cameras of any speed behind a few edges; some links may be missing."""
    built = topology(draw(st.integers(1, 5)), draw(st.integers(1, 3)))
    built = replace(built, profiles={**built.profiles, "pi": profile("pi", 1, draw(st.floats(0.5, 50)))})
    if draw(st.booleans()):
        built = replace(built, links=built.links[draw(st.integers(0, 2)) :])
    return built


@st.composite
def views(draw: st.DrawFn) -> View:
    """One or two services on a random testbed in a random state."""
    built = draw(topologies())
    devices = [node.name for node in built.tier(Tier.DEVICE)]
    services = tuple(
        ServiceView(name, workload(), draw(requirements), {device: draw(st.floats(0, 100)) for device in devices})
        for name in ("vision", "audio")[: draw(st.integers(1, 2))]
    )
    links = {link.name: LinkView(link.a, link.b, draw(states), draw(states)) for link in built.links}
    nodes = {
        node.name: NodeView(node.name, draw(st.booleans()), draw(st.floats(0, 1)), draw(st.integers(0, 300)))
        for node in built.nodes
    }
    return View(0.0, 1.0, built, links, nodes, services)
