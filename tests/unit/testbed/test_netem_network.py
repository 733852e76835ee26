"""Links by tc, through shells that do as they are told."""

from __future__ import annotations

import pytest

from telcoai.emulation.layout import Layout, NodeLayout
from telcoai.errors import LinkError, NodeError
from telcoai.model.topology import Link, LinkState
from telcoai.testbed.netem_network import NetemNetwork, NoNetwork, parse_classes, parse_ping

STATE = LinkState(8.0, rate_bps=50e6)
LAYOUT = Layout("x", (NodeLayout("a", "10.0.0.1"), NodeLayout("b", "10.0.0.2")), (Link("a", "b", STATE, STATE),))
PING = """
--- 10.0.0.2 ping statistics ---
3 packets transmitted, 3 received, 0% packet loss, time 400ms
rtt min/avg/max/mdev = 16.012/16.204/16.480/0.199 ms
"""
CLASSES = """class htb 1:100 parent 1:10 leaf 100: prio 0 rate 50Mbit ceil 50Mbit burst 1600b cburst 1600b
 Sent 4200 bytes 42 pkt (dropped 3, overlimits 0 requeues 0)
 backlog 0b 0p requeues 0
class htb 1:1 root prio 0 rate 100Gbit ceil 100Gbit burst 0b cburst 0b
 Sent 99 bytes 1 pkt (dropped 0, overlimits 0 requeues 0)
"""


class Node:
    """A shell that answers as a node's would."""

    def __init__(self, refusal=""):
        self.said: list[str] = []
        self.refusal = refusal

    def run(self, script, timeout_s=10.0):
        self.said.append(script)
        if script.startswith("ip -4 route get"):
            return "10.0.0.2 dev eth0 src 10.0.0.1 uid 0\n"
        if script.startswith("ping"):
            return PING
        if script.startswith("tc -s"):
            return CLASSES
        if self.refusal:
            raise NodeError(f"a: {self.refusal}")
        return ""

    def close(self):
        self.said.append("closed")


@pytest.fixture
def nodes():
    return {"a": Node(), "b": Node()}


@pytest.fixture
def network(tmp_path, nodes):
    return NetemNetwork.make(LAYOUT, tmp_path / "network", nodes)


def test_a_change_reaches_the_nodes_whose_packets_cross_the_link(network, nodes):
    before = len(nodes["b"].said)
    network.set_link("a--b", "up", LinkState(60.0, rate_bps=50e6))
    assert "delay 60.000ms" in nodes["a"].said[-1]
    assert len(nodes["b"].said) == before
    assert network.links()[0].up.delay_ms == 60.0


def test_another_command_finds_the_states(network, nodes):
    network.set_link("a--b", "down", LinkState(30.0, rate_bps=50e6))
    assert NetemNetwork(LAYOUT, network.state_dir, nodes).links()[0].down.delay_ms == 30.0


def test_a_node_that_is_cut_off_loses_everything_and_comes_back(network, nodes):
    network.node_cut("b")
    assert "loss 100.0000%" in nodes["a"].said[-1]
    assert [one.up for one in network.status().nodes] == [True, False]
    network.node_start("b")
    assert "loss" not in nodes["a"].said[-1]


def test_links_are_measured_by_ping(network):
    measured = network.measure()[0]
    assert measured.rtt_ms == 16.204
    assert measured.up.delay_ms == pytest.approx(8.102)
    assert measured.problems == ()


def test_what_tc_counted_is_counted_for_the_link(network):
    up, _ = network.counters().directions
    assert (up.packets, up.bytes, up.dropped_queue) == (42, 4200, 3)


def test_a_kernel_without_netem_is_told(tmp_path):
    refusing = {"a": Node("Error: Specified qdisc kind is unknown."), "b": Node()}
    with pytest.raises(LinkError, match="qdisc kind is unknown") as caught:
        NetemNetwork.make(LAYOUT, tmp_path / "network", refusing)
    assert "userspace" in caught.value.hint


def test_nothing_stays(network, nodes):
    network.close()
    assert nodes["a"].said[-2:] == ["tc qdisc del dev eth0 root", "closed"]
    assert list(network.state_dir.iterdir()) == []


def test_what_programs_print_is_read():
    assert parse_ping("3 packets transmitted, 0 received, 100% packet loss") is None
    assert parse_classes(CLASSES) == {"1:100": (42, 4200, 3), "1:1": (1, 99, 0)}


def test_links_that_nobody_makes_cant_be_changed(tmp_path):
    network = NoNetwork(LAYOUT, tmp_path)
    network.set_link("a--b", "up", STATE)
    with pytest.raises(LinkError, match="can't be changed"):
        network.set_link("a--b", "up", LinkState(1.0))
    with pytest.raises(NodeError):
        network.node_cut("a")
