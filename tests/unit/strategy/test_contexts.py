from __future__ import annotations

from dataclasses import replace

import pytest

from telcoai.model.topology import LinkState
from telcoai.model.view import LinkView
from telcoai.strategy.contexts import Context, Contexts, arms, placed, smallest
from telcoai.strategy.pipe import HEADER_SHARE, REPLY_BYTES
from telcoai.strategy.sites import as_measured

from .conftest import topology, view, workload

DEVICE, CUT, EDGE = ("camera-1",) * 3, ("camera-1", "camera-1", "edge-1"), ("edge-1",) * 3


def context(hops: tuple[str, ...], state: LinkState | None = None) -> Context:
    seen = view(topology(1))
    service, air = seen.services[0], state or LinkState(10.0, 0.0, 1e7)
    one = placed(service, "camera-1", workload().variant("large-int8"), hops)
    links = {**seen.links, "camera-1--edge-1": LinkView("camera-1", "edge-1", air, air)}
    found = Contexts(service, as_measured(seen), 0.1).of(one, links)
    assert found is not None
    return found


def test_on_the_device_there_are_its_operations_and_nothing_else() -> None:
    assert context(DEVICE).features == pytest.approx([1, 0, 0, 0, 0])
    assert context(DEVICE).floor == 0.0


def test_a_cut_divides_the_operations_and_sends_the_activation() -> None:
    found = context(CUT)
    sent = (112 * 8 * 8 * 2 + 700 + REPLY_BYTES) * (1 + HEADER_SHARE) * 8 / 1e7
    assert found.features == pytest.approx([2 / 3, 1 / 3, 0, sent / 0.1, 0.02 / 0.1])
    assert found.floor == pytest.approx((sent + 0.02) / 0.1)


def test_the_floor_follows_measured_delays() -> None:
    near, far = context(EDGE), context(EDGE, LinkState(60.0, 0.0, 1e7))
    assert far.floor - near.floor == pytest.approx(1.0)


def test_what_leads_nowhere_has_no_context() -> None:
    seen = view(topology(1))
    service = seen.services[0]
    known = Contexts(service, as_measured(seen), 0.1)
    variant = workload().variants[0]
    assert known.of(placed(service, "camera-1", variant, ("gone",) * 3), seen.links) is None
    cut_off = as_measured(replace(seen, topology=replace(seen.topology, links=())))
    assert Contexts(service, cut_off, 0.1).of(placed(service, "camera-1", variant, EDGE), seen.links) is None


def test_arms_are_all_ways_up_the_device_alone_first() -> None:
    seen = view(topology(1))
    found = [one.hops for one in arms(seen.services[0], "camera-1", as_measured(seen))]
    assert found[0] == DEVICE
    assert len(found) == len(set(found)) == 10


def test_the_variant_is_the_one_of_the_fewest_operations_that_keeps_the_accuracy() -> None:
    seen = view(topology(1), accuracy=0.90)
    assert smallest(seen.services[0], ("camera-1",), as_measured(seen)).name == "large-int8"
    seen = view(topology(1), accuracy=0.99)
    assert smallest(seen.services[0], ("camera-1",), as_measured(seen)).name == "large-fp32"


def test_a_node_that_knows_no_int8_gets_none() -> None:
    seen = view(topology(1))
    board = seen.topology.profiles["pi"]
    plain = replace(board, speeds=tuple(speed for speed in board.speeds if speed.precision != "int8"))
    seen = replace(seen, topology=replace(seen.topology, profiles={**seen.topology.profiles, "pi": plain}))
    assert {one.variant for one in arms(seen.services[0], "camera-1", as_measured(seen))} == {"small-fp32"}
