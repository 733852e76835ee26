"""Packets to pods find the node that the pods are on."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from telcoai.emulation.layout import Layout, NodeLayout
from telcoai.emulation.wiring import Wiring, keys_of
from telcoai.model.topology import Link, LinkState

networks = st.builds(
    lambda address, length: IPv4Network((address, length), strict=False),
    st.integers(0, 2**32 - 1),
    st.integers(16, 32),
)


@given(network=networks, place=st.floats(0, 1))
def test_every_address_of_a_network_is_found_and_no_other(network, place):
    keys = set(keys_of(network))

    def found(address: IPv4Address) -> bool:
        return address.packed in keys or address.packed[:3] in keys

    inside = network[int(place * (network.num_addresses - 1))]
    assert found(inside)
    for outside in (int(network.network_address) - 1, int(network.broadcast_address) + 1):
        if 0 <= outside < 2**32:
            assert not found(IPv4Address(outside))


def test_a_nodes_address_and_its_pods_lead_over_the_same_path():
    state = LinkState(1.0)
    nodes = (
        NodeLayout("a", "172.18.0.2", netns="/proc/1/ns/net", subnets=("10.244.1.0/24",)),
        NodeLayout("b", "172.18.0.3", netns="/proc/1/ns/net", subnets=("10.244.2.0/24",)),
    )
    wiring = Wiring(Layout("x", nodes, (Link("a", "b", state, state),)), {"a": 10, "b": 11})
    table = wiring.tables[10]
    assert table[bytes([172, 18, 0, 3])] == table[bytes([10, 244, 2])]
    assert bytes([10, 244, 1]) not in table


def test_a_layout_with_borrowed_nodes_is_read_as_it_was_written():
    layout = Layout("x", (NodeLayout("a", "172.18.0.2", netns="/proc/1/ns/net", subnets=("10.244.1.0/24",)),), ())
    assert Layout.from_json(layout.to_json()) == layout
