"""A testbed's nodes on a cluster that is there already."""

from __future__ import annotations

import pytest

from telcoai.errors import InputError
from telcoai.model.topology import Tier
from telcoai.testbed.adopt import assign
from tests.places import small_topology

SELECTORS = {"device": "site=field", "edge": "site=edge", "cloud": "site=core"}


def node(name):
    return {"metadata": {"name": name}, "status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.1"}]}}


def test_nodes_of_a_tier_are_taken_in_order():
    found = {Tier.DEVICE: [node("a"), node("b"), node("c")], Tier.EDGE: [node("d")], Tier.CLOUD: [node("e")]}
    members = assign(small_topology(), found, SELECTORS)
    assert [(one.node, one.name) for one in members] == [
        ("camera-1", "a"),
        ("camera-2", "b"),
        ("edge", "d"),
        ("cloud", "e"),
    ]


def test_no_node_serves_twice_and_what_lacks_is_told_with_its_selector():
    found = {Tier.DEVICE: [node("a"), node("b")], Tier.EDGE: [node("a")], Tier.CLOUD: []}
    with pytest.raises(InputError) as caught:
        assign(small_topology(), found, SELECTORS)
    assert "1 edge nodes wanted, 0 ready with site=edge" in caught.value.message
    assert "1 cloud nodes wanted, 0 ready with site=core" in caught.value.message
