"""The engine between datagram sockets, which keep packets apart as TUN devices do."""

from __future__ import annotations

import gc
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from telcoai.emulation.engine import Alarm, Engine
from telcoai.emulation.layout import Layout, NodeLayout, address_of
from telcoai.emulation.protocol import LineReader, encode
from telcoai.emulation.wiring import Wiring
from telcoai.model.topology import Link, LinkState

NAMES = ("a", "b", "c")


class Bench:
    """Three nodes in a row, and the ends of their devices."""

    def __init__(self) -> None:
        state = LinkState(0.0, rate_bps=1e9)
        nodes = tuple(NodeLayout(name, address_of(i)) for i, name in enumerate(NAMES))
        layout = Layout("x", nodes, (Link("a", "b", state, state), Link("b", "c", state, state)))
        pairs = {name: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for name in NAMES}
        self.node = {name: ours for name, (ours, _) in pairs.items()}
        self._theirs = [theirs for _, theirs in pairs.values()]
        for end in self._theirs:
            end.setblocking(False)
        for end in self.node.values():
            end.settimeout(5)
        self.control, theirs = socket.socketpair()
        self.control.settimeout(5)
        self._theirs.append(theirs)
        tuns = {name: theirs.fileno() for name, (_, theirs) in pairs.items()}
        self.engine = Engine(Wiring(layout, tuns), theirs, 1500)
        self._thread = threading.Thread(target=self.engine.run)
        self._thread.start()

    def ask(self, **request: Any) -> dict[str, Any]:
        self.control.sendall(encode(request))
        return LineReader().feed(self.control.recv(65536))[0]

    def close(self) -> None:
        self.control.close()
        self._thread.join(5)
        for end in (*self.node.values(), *self._theirs):
            end.close()
        gc.enable()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()


def packet(target: int, payload: bytes = b"") -> bytes:
    return b"\x45" + bytes(15) + bytes([10, 200, 0, target + 1]) + payload


def test_packets_reach_the_node_they_are_addressed_to(bench: Bench) -> None:
    bench.node["a"].send(packet(2, b"to c"))
    assert bench.node["c"].recv(2000) == packet(2, b"to c")
    bench.node["c"].send(packet(1, b"to b"))
    assert bench.node["b"].recv(2000) == packet(1, b"to b")
    rows = {(r["link"], r["direction"]): r["packets"] for r in bench.ask(op="counters")["directions"]}
    assert rows == {("a--b", "up"): 1, ("a--b", "down"): 0, ("b--c", "up"): 1, ("b--c", "down"): 1}


def test_packets_that_lead_nowhere_are_counted(bench: Bench) -> None:
    for odd in (packet(99), b"short", b"\x60" + bytes(60)):
        bench.node["a"].send(odd)
    bench.node["a"].send(packet(1))
    bench.node["b"].recv(2000)
    assert bench.ask(op="counters")["unroutable"] == 3


def test_a_queue_is_rescheduled_when_the_rate_changes(bench: Bench) -> None:
    slow = {"delay_ms": 0.0, "rate_bps": 80.0}
    assert bench.ask(op="set_link", link="a--b", direction="up", state=slow) == {}
    for number in range(5):
        bench.node["a"].send(packet(1, bytes([number])))
    while bench.ask(op="counters")["directions"][0]["packets"] != 5:
        time.sleep(0.001)
    assert bench.ask(op="counters")["directions"][0]["queued_bytes"] > 90
    bench.ask(op="set_link", link="a--b", direction="up", state={"delay_ms": 0.0, "rate_bps": 1e9})
    assert [bench.node["b"].recv(2000)[-1] for _ in range(5)] == [0, 1, 2, 3, 4]


def test_a_node_that_is_down_gets_nothing(bench: Bench) -> None:
    bench.ask(op="set_node", node="b", up=False)
    bench.node["a"].send(packet(2))
    while not bench.ask(op="counters")["directions"][0]["dropped_down"]:
        time.sleep(0.001)
    bench.ask(op="set_node", node="b", up=True)
    bench.node["a"].send(packet(2, b"again"))
    assert bench.node["c"].recv(2000) == packet(2, b"again")


@pytest.mark.parametrize(
    "request_",
    [
        {"op": "dance"},
        {"op": "set_link", "link": "a--z", "direction": "up", "state": {"delay_ms": 1}},
        {"op": "set_link", "link": "a--b", "direction": "up", "state": {"delay_ms": -1}},
        {"op": "set_link", "link": ["a"], "direction": "up", "state": {}},
        {"op": "set_node", "node": "z"},
    ],
)
def test_orders_that_make_no_sense_are_refused(bench: Bench, request_: dict[str, Any]) -> None:
    assert "error" in bench.ask(**request_)


def test_the_alarm_learns_how_late_it_wakes() -> None:
    alarm = Alarm()
    first = alarm.lag
    for _ in range(50):
        asleep = time.monotonic_ns()
        assert alarm.set(asleep + 100_000_000, asleep) == -1
        alarm.clear(asleep, asleep + 100_000_000 - alarm.lag + 120_000)
    assert first < alarm.lag <= 120_000
    assert alarm.set(asleep + 10_000, asleep) == 0
