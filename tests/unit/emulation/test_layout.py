from __future__ import annotations

import pytest

from telcoai.emulation.layout import Layout, NodeLayout, address_of, direction_seed, hosts_file
from telcoai.emulation.wiring import Wiring
from telcoai.model.topology import Link, LinkState

NAMES = ("camera", "edge", "cloud")


def layout() -> Layout:
    nodes = tuple(NodeLayout(name, address_of(i), 1 << 20) for i, name in enumerate(NAMES))
    links = (
        Link("camera", "edge", LinkState(8.0, 2.0, 5e7, 0.001), LinkState(4.0), "5g-nsa"),
        Link("edge", "cloud", LinkState(15.0), LinkState(15.0)),
    )
    return Layout("test", nodes, links, 9000, 7)


def wiring() -> Wiring:
    return Wiring(layout(), {"camera": 11, "edge": 12, "cloud": 13})


def test_a_layout_survives_the_way_to_the_supervisor() -> None:
    assert Layout.from_json(layout().to_json()) == layout()


def test_addresses_are_distinct_and_run_out_loudly() -> None:
    assert len({address_of(i) for i in range(65_000)}) == 65_000
    assert address_of(0) == "10.200.0.1"
    with pytest.raises(ValueError, match="at most"):
        address_of(65_000)


def test_the_hosts_file_names_every_node() -> None:
    assert hosts_file(layout()).splitlines()[1:] == ["10.200.0.1 camera", "10.200.0.2 edge", "10.200.0.3 cloud"]


def test_each_direction_has_a_seed_of_its_own() -> None:
    seeds = {direction_seed(s, link, d) for s in (1, 2) for link in ("a--b", "b--c") for d in ("up", "down")}
    assert len(seeds) == 8
    assert direction_seed(1, "a--b", "up") == direction_seed(1, "a--b", "up")


def test_paths_cross_links_in_order_and_end_at_the_target() -> None:
    w = wiring()
    d = w.directions
    cloud = bytes([10, 200, 0, 3])
    camera = bytes([10, 200, 0, 1])
    assert w.tables[11][cloud] == (d["camera--edge", "up"], d["edge--cloud", "up"], 13)
    assert w.tables[13][camera] == (d["edge--cloud", "down"], d["camera--edge", "down"], 11)
    assert bytes([10, 200, 0, 1]) not in w.tables[11]


def test_nodes_share_the_links_on_their_paths() -> None:
    w = wiring()
    cloud = bytes([10, 200, 0, 3])
    assert w.tables[11][cloud][1] is w.tables[12][cloud][0]


def test_a_node_that_is_down_blocks_its_links_once() -> None:
    w = wiring()
    w.set_node("edge", up=False)
    w.set_node("edge", up=False)
    w.set_node("cloud", up=False)
    assert w.directions["edge--cloud", "up"].blocks == 2
    w.set_node("edge", up=True)
    assert w.directions["edge--cloud", "up"].blocks == 1
    assert w.directions["camera--edge", "up"].blocks == 0
    with pytest.raises(KeyError):
        w.set_node("mars", up=True)
