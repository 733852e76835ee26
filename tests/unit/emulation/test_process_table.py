from __future__ import annotations

import pytest

from telcoai.emulation.process_table import ProcessTable
from telcoai.emulation.protocol import ProtocolError


def test_a_process_runs_until_its_end_is_noted() -> None:
    table = ProcessTable()
    process = table.add("edge", "sleeper", 40)
    assert table.running() == {"edge": 1}
    assert table.end(40, -9, expecting=False) is process
    assert table.running() == {}
    assert table.rows() == [{"id": 1, "node": "edge", "name": "sleeper", "pid": 40, "code": -9}]


def test_a_process_that_ends_before_it_is_heard_of_has_its_code() -> None:
    table = ProcessTable()
    assert table.end(41, 3, expecting=True) is None
    assert table.add("edge", "quick", 41).code == 3
    assert table.running() == {}


def test_orphans_of_other_times_are_not_taken_for_started_processes() -> None:
    table = ProcessTable()
    table.end(41, 3, expecting=True)
    table.end(42, 0, expecting=False)
    assert table.add("edge", "later", 41).code is None


def test_a_reused_process_number_is_a_process_of_its_own() -> None:
    table = ProcessTable()
    first = table.add("edge", "one", 40)
    table.end(40, 0, expecting=False)
    second = table.add("edge", "two", 40)
    assert (first.code, second.code) == (0, None)
    assert table.get(first.id) is first


def test_an_unknown_process_is_an_error() -> None:
    with pytest.raises(ProtocolError, match="no process 5"):
        ProcessTable().get(5)
