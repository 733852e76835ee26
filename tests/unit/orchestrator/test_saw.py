"""What a strategy saw goes into a line and comes back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.model.requirements import Requirements
from telcoai.model.topology import LinkState
from telcoai.model.view import LinkView, NodeView, View
from telcoai.orchestrator.saw import saw, view_of
from telcoai.strategy.trial import trial_topology, trial_view

figures = st.floats(0, 1e6, allow_nan=False)
states = st.builds(
    LinkState, figures, figures, st.floats(1, 1e10), st.floats(0, 1), st.floats(0, 1), st.integers(0, 10**7)
)


@st.composite
def views(draw: st.DrawFn) -> View:
    calm = trial_view()
    service = replace(
        calm.services[0],
        requirements=draw(st.builds(Requirements, st.floats(50, 99), st.none() | figures, st.none() | st.floats(0, 1))),
        rate_per_s={name: draw(figures) for name in calm.services[0].rate_per_s},
        latency_ms={name: draw(figures) for name in list(calm.services[0].rate_per_s)[: draw(st.integers(0, 3))]},
        frames=draw(st.sampled_from(("raw", "jpeg"))),
        dispersion=draw(st.floats(0, 100)),
    )
    if service.frames == "jpeg":
        service = replace(service, frame_bytes={"small-int8": draw(st.integers(1, 10**6))})
    nodes = {
        name: NodeView(name, draw(st.booleans()), draw(st.floats(0, 1)), draw(st.integers(0, 1000)))
        for name in calm.nodes
    }
    links = {link.name: LinkView(link.a, link.b, draw(states), draw(states)) for link in calm.topology.links}
    return replace(calm, time_s=draw(st.floats(-10, 1e4)), links=links, nodes=nodes, services=(service,))


@given(views())
def test_a_view_comes_back_to_four_digits(view):
    plain = json.loads(json.dumps(saw(view)))
    again = view_of(plain, view.topology, {"vision": view.services[0].workload})
    assert again.time_s == pytest.approx(view.time_s, abs=1e-3)
    assert again.seed == view.seed
    assert again.services[0].requirements == view.services[0].requirements
    assert again.services[0].rate_per_s == pytest.approx(view.services[0].rate_per_s, rel=1e-3)
    assert again.services[0].latency_ms == pytest.approx(view.services[0].latency_ms, rel=1e-3)
    assert again.services[0].dispersion == pytest.approx(view.services[0].dispersion, rel=1e-3)
    assert (again.services[0].frames, again.services[0].frame_bytes) == (
        view.services[0].frames,
        view.services[0].frame_bytes,
    )
    for name, node in view.nodes.items():
        assert (again.nodes[name].alive, again.nodes[name].queue) == (node.alive, node.queue)
        assert again.nodes[name].utilisation == pytest.approx(node.utilisation, rel=1e-3)
    for name, link in view.links.items():
        for now, then in ((again.links[name].up, link.up), (again.links[name].down, link.down)):
            assert now.delay_ms == pytest.approx(then.delay_ms, rel=1e-3)
            assert now.rate_bps == pytest.approx(then.rate_bps, rel=1e-3)
            assert now.loss == pytest.approx(then.loss, rel=1e-3)


@given(views())
def test_what_came_back_is_kept_as_it_is(view):
    once = saw(view)
    assert saw(view_of(once, view.topology, {"vision": view.services[0].workload})) == once


def test_only_what_differs_from_the_testbeds_file_is_kept():
    view = trial_view()
    idle = {name: NodeView(name, alive=True) for name in view.nodes}
    link = view.links["camera-1--edge-1"]
    slow = replace(link, up=replace(link.up, delay_ms=20.123456))
    found = saw(replace(view, nodes=idle, links={**view.links, "camera-1--edge-1": slow}))
    assert found["nodes"] == {}
    assert found["links"] == {"camera-1--edge-1": {"up": {"delay_ms": 20.12}}}


def test_a_hundred_devices_take_less_room_than_their_plan():
    view = trial_view(trial_topology(devices=120))
    off = {name: replace(one, up=replace(one.up, delay_ms=8.24351)) for name, one in view.links.items()}
    assert len(json.dumps(saw(replace(view, links=off)))) < 120 * 150
