from __future__ import annotations

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.emulation.module_order import MAX_BYTES, ModuleOrder, Surroundings, report
from telcoai.emulation.namespaces import NodeNamespaces
from telcoai.emulation.processes import Command
from telcoai.emulation.protocol import ProtocolError

words = st.text(max_size=20).filter(lambda text: "\0" not in text)


@given(st.lists(words, max_size=4), st.dictionaries(words, words, max_size=3), st.lists(words, max_size=3), words)
def test_an_order_arrives_as_it_was_sent(args: list[str], env: dict[str, str], preload: list[str], cwd: str) -> None:
    order = ModuleOrder(Command(["a.module", *args], env, cwd, "/out", "/err"), tuple(preload))
    assert ModuleOrder.unpack(order.pack()) == order


def test_a_request_becomes_an_order_of_its_node() -> None:
    request = {"argv": ["a.module", "x"], "stdout": "/log", "env": {"A": "1"}, "preload": ["numpy"]}
    order = ModuleOrder.asked(request, "edge")
    assert order.command == Command(["a.module", "x"], {"TELCOAI_NODE": "edge", "A": "1"}, "/", "/log")
    assert order.preload == ("numpy",)


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"argv": []},
        {"argv": ["-c"]},
        {"argv": [""]},
        {"argv": [".relative"]},
        {"argv": ["a/b"]},
        {"argv": ["a\0"]},
        {"argv": ["a"], "preload": "numpy"},
        {"argv": ["a"], "preload": ["numpy", "-"]},
        {"argv": ["a"], "env": {"A=": "1"}},
    ],
)
def test_a_senseless_request_is_refused(request_: dict[str, object]) -> None:
    with pytest.raises(ProtocolError):
        ModuleOrder.asked(request_, "edge")


def test_an_order_that_no_packet_holds_is_refused() -> None:
    with pytest.raises(ProtocolError, match="longer than"):
        ModuleOrder(Command(["a", "x" * MAX_BYTES])).pack()


@pytest.mark.parametrize("cgroup", [None, 9])
def test_descriptors_keep_their_order(cgroup: int | None) -> None:
    around = Surroundings(5, NodeNamespaces(6, 7, -1), cgroup)
    assert Surroundings.of(around.fds) == around


def test_a_report_reaches_the_pipes_other_end() -> None:
    reader, writer = os.pipe()
    report(writer, pid=7)
    os.close(writer)
    assert json.loads(os.read(reader, 100)) == {"pid": 7}
    os.close(reader)
    report(writer, pid=7)
