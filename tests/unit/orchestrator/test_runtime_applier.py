"""The applier knows what each node has accepted, and sends the rest."""

from __future__ import annotations

import dataclasses
import time
from types import SimpleNamespace

import pytest

from telcoai.errors import LinkError, TestbedError
from telcoai.model.plan import Assignment, Plan
from telcoai.model.topology import LinkState
from telcoai.network.probe import LinkProbe, Seen
from telcoai.orchestrator.runtime_applier import RuntimeApplier
from tests.places import small_topology


def plan(threshold: float) -> Plan:
    return Plan(
        tuple(
            Assignment("vision", camera, "small-fp32", (camera,) * 3, (threshold, 1.01))
            for camera in ("camera-1", "camera-2")
        )
    )


class Nodes:
    """The control sockets: keeps what was sent, and refuses what ``refusing`` names."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, float]] = []
        self.refusing: set[str] = set()
        self.asked: list[str] = []
        self.meanwhile = lambda: None

    def figures(self, nodes):
        self.asked = list(nodes)
        return dict.fromkeys(nodes, "figures")

    def send(self, parts):
        self.sent += [(device, part[0].thresholds[0]) for device, part in parts.items()]
        self.meanwhile()
        return {device: f"{device} says no" if device in self.refusing else "" for device in parts}

    def take(self):
        taken, self.sent = self.sent, []
        return taken


class Place:
    """A deployment on a testbed whose links and nodes do as they are told."""

    def __init__(self) -> None:
        self.control = Nodes()
        self.probe = LinkProbe(small_topology().links, self.measure, time.monotonic_ns())
        network = SimpleNamespace(node_cut=self.did("cut"), node_start=self.did("joined"))
        self.testbed = SimpleNamespace(topology=small_topology(), set_link=self.set_link, network=network)
        self.broken = False
        self.meanwhile = lambda: None
        self.done: list[tuple[str, str]] = []
        self.stop_node, self.start_node = self.did("stopped"), self.did("started")

    def did(self, what):
        return lambda name: self.done.append((what, name))

    def measure(self):
        return {("edge--cloud", "up"): Seen(16.0)}

    def set_link(self, name, up, down):
        self.probe.measure_once()
        if self.broken:
            raise LinkError("no")

    def kill(self, name):
        self.done.append(("killed", name))
        self.meanwhile()


@pytest.fixture
def place():
    return Place()


@pytest.fixture
def applier(place):
    return RuntimeApplier(place, place.probe)


def test_an_unchanged_plan_is_sent_once(place, applier):
    assert applier.apply(plan(0.9), None) == []
    assert applier.apply(plan(0.9), plan(0.9)) == []
    assert place.control.take() == [("camera-1", 0.9), ("camera-2", 0.9)]


def test_a_plan_that_a_node_refused_is_sent_to_it_again(place, applier):
    place.control.refusing = {"camera-2"}
    assert applier.apply(plan(0.9), None) == ["camera-2 says no"]
    place.control.take()
    place.control.refusing = set()
    assert applier.apply(plan(0.9), plan(0.9)) == []
    assert place.control.take() == [("camera-2", 0.9)]


def test_only_devices_whose_part_changed_are_told(place, applier):
    applier.apply(plan(0.9), None)
    place.control.take()
    one, other = plan(0.9).assignments
    applier.apply(Plan((one, dataclasses.replace(other, thresholds=(0.5, 1.01)))), plan(0.9))
    assert place.control.take() == [("camera-2", 0.5)]


def test_a_node_that_starts_again_gets_the_plan_of_today(place, applier):
    applier.apply(plan(0.9), None)
    applier.change_node("camera-1", "stopped")
    applier.apply(plan(0.8), plan(0.9))
    assert ("camera-1", 0.8) not in place.control.take()
    applier.change_node("camera-1", "running")
    assert place.control.take() == [("camera-1", 0.8)]
    assert applier.apply(plan(0.8), plan(0.8)) == []
    assert place.control.take() == []


def test_a_node_that_was_cut_off_gets_the_plan_of_today_and_no_fresh_runtime(place, applier):
    applier.apply(plan(0.9), None)
    applier.change_node("camera-1", "unreachable")
    assert place.probe.spans()[0].link == "camera-1--edge"
    applier.apply(plan(0.8), plan(0.9))
    assert ("camera-1", 0.8) not in place.control.take()
    assert applier.figures()["camera-1"] is None
    assert applier.all_figures()["camera-1"] == "figures"
    applier.change_node("camera-1", "running")
    assert place.control.take() == [("camera-1", 0.8)]
    assert place.done == [("cut", "camera-1"), ("joined", "camera-1")]


def test_a_node_that_crashes_while_it_is_cut_off_is_started(place, applier):
    applier.change_node("edge", "unreachable")
    applier.change_node("edge", "stopped")
    assert applier.all_figures()["edge"] is None
    applier.change_node("edge", "running")
    assert place.done == [("cut", "edge"), ("stopped", "edge"), ("started", "edge")]


def test_a_workload_that_was_killed_gets_its_plan_once_it_is_back(place, applier):
    applier.apply(plan(0.9), None)
    place.control.take()

    def meanwhile():
        assert applier.figures()["camera-1"] is None
        applier.apply(plan(0.8), plan(0.9))
        assert place.control.take() == [("camera-2", 0.8)]

    place.meanwhile = meanwhile
    applier.change_node("camera-1", "killed")
    assert place.control.take() == [("camera-1", 0.8)]
    assert applier.figures()["camera-1"] == "figures"


def test_a_refusal_at_the_start_is_an_error(place, applier):
    applier.apply(plan(0.9), None)
    applier.change_node("camera-1", "stopped")
    place.control.refusing = {"camera-1"}
    with pytest.raises(TestbedError, match="camera-1 says no"):
        applier.change_node("camera-1", "running")


def test_what_a_node_says_that_was_stopped_meanwhile_is_ignored(place, applier):
    place.control.refusing = {"camera-1"}
    place.control.meanwhile = lambda: applier.change_node("camera-1", "stopped")
    assert applier.apply(plan(0.9), None) == []


@pytest.mark.parametrize("broken", [False, True])
def test_a_link_is_not_measured_while_it_changes(place, applier, broken):
    place.broken = broken
    state = LinkState(40.0)
    if broken:
        with pytest.raises(LinkError):
            applier.change_link("edge--cloud", state, state)
    else:
        applier.change_link("edge--cloud", state, state)
    assert place.probe.readings == []
    place.probe.measure_once()
    assert [one.asked.delay_ms for one in place.probe.readings] == [15.0 if broken else 40.0]
