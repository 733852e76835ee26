"""Links as calls of tc."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.emulation.layout import Layout, NodeLayout
from telcoai.emulation.netem import calls, composed, paths
from telcoai.model.topology import Link, LinkState

AIR = LinkState(8.0, 2.0, 50e6, 0.001)
WIRE = LinkState(10.0, rate_bps=1e9)
LINKS = (Link("camera", "edge", AIR, AIR), Link("edge", "cloud", WIRE, WIRE))
LAYOUT = Layout(
    "x",
    (
        NodeLayout("camera", "10.0.0.1", subnets=("10.244.1.0/24",)),
        NodeLayout("edge", "10.0.0.2", subnets=("10.244.2.0/24",)),
        NodeLayout("cloud", "10.0.0.3", subnets=("10.244.3.0/24",)),
    ),
    LINKS,
)
DEVICES = {"camera": "eth0", "edge": "ens3", "cloud": "eth0"}

states = st.builds(
    LinkState,
    delay_ms=st.floats(0, 500),
    jitter_ms=st.floats(0, 50),
    rate_bps=st.floats(1e4, 1e10),
    loss=st.floats(0, 1),
    reorder=st.floats(0, 1),
)


@given(crossed=st.lists(states, min_size=1, max_size=5))
def test_a_path_is_no_better_than_any_of_its_links(crossed):
    whole = composed(crossed)
    assert whole.delay_ms == pytest.approx(math.fsum(one.delay_ms for one in crossed))
    assert whole.rate_bps == min(one.rate_bps for one in crossed)
    assert whole.loss >= max(one.loss for one in crossed) - 1e-9
    assert whole.loss <= 1
    assert (
        max(one.jitter_ms for one in crossed) - 1e-9 <= whole.jitter_ms <= sum(one.jitter_ms for one in crossed) + 1e-9
    )


def lines(node, links=LINKS):
    return [" ".join(call) for call in calls(LAYOUT, links, DEVICES)[node]]


def test_what_goes_elsewhere_is_not_held_back():
    assert lines("edge")[0] == "tc qdisc replace dev ens3 root handle 1: htb default 1"
    assert lines("edge")[1] == "tc class replace dev ens3 parent 1: classid 1:1 htb rate 100gbit"


def test_paths_over_one_first_link_share_its_rate():
    classes = [line for line in lines("camera") if line.startswith("tc class") and "1:1 " not in line]
    assert classes[0] == "tc class replace dev eth0 parent 1: classid 1:10 htb rate 50000000bit ceil 50000000bit"
    assert all("parent 1:10 " in line and "ceil 50000000bit" in line for line in classes[1:])
    assert len(classes) == 3


def test_a_path_over_two_links_has_both_delays_and_the_radios_loss():
    netems = [line for line in lines("camera") if " netem " in line]
    assert "delay 8.000ms 2.000ms loss 0.1000%" in netems[0]
    assert "delay 18.000ms 2.000ms loss 0.1000%" in netems[1]


def test_addresses_and_pods_of_the_others_are_matched_and_ones_own_are_not():
    matched = [line.split(" dst ")[1].split()[0] for line in lines("edge") if " filter " in line]
    assert sorted(matched) == ["10.0.0.1/32", "10.0.0.3/32", "10.244.1.0/24", "10.244.3.0/24"]


def test_each_filter_has_a_preference_of_its_own():
    prefs = [line.split(" pref ")[1].split()[0] for line in lines("camera") if " filter " in line]
    assert len(set(prefs)) == len(prefs) == 4


def test_a_paths_class_is_known_with_the_directions_that_it_crosses():
    found = {(one.source, one.target): one for one in paths(LAYOUT, LINKS)}
    assert found["camera", "cloud"].crossed == (("camera--edge", "up"), ("edge--cloud", "up"))
    assert found["cloud", "camera"].crossed == (("edge--cloud", "down"), ("camera--edge", "down"))
    assert f"classid 1:{found['camera', 'cloud'].number} " in " ".join(lines("camera"))
