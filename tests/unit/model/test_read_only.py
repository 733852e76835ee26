"""What is handed to strategies stays as it is, and can still be copied and written."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle

import pytest

from telcoai.model.read_only import ReadOnly, read_only_topology, read_only_workload
from tests.places import small_topology, small_workload


@pytest.mark.parametrize(
    "act",
    [
        lambda one: one.__setitem__("a", 2),
        lambda one: one.__delitem__("a"),
        lambda one: one.update(a=2),
        lambda one: one.setdefault("b", 2),
        lambda one: one.pop("a"),
        lambda one: one.popitem(),
        lambda one: one.clear(),
        lambda one: one.__ior__({"b": 2}),
    ],
)
def test_every_way_of_changing_one_is_refused(act):
    one = ReadOnly({"a": 1})
    with pytest.raises(TypeError, match="can't be changed"):
        act(one)
    assert one == {"a": 1}


@pytest.mark.parametrize("copied", [dict, copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_can_be_changed(copied):
    one = ReadOnly({"a": [1]})
    other = copied(one)
    other["b"] = 2
    assert one == {"a": [1]}


def test_it_is_written_as_json_and_as_plain_values():
    @dataclasses.dataclass(frozen=True)
    class Holder:
        held: ReadOnly[str, int]

    assert json.dumps(ReadOnly({"a": 1})) == '{"a": 1}'
    assert dataclasses.asdict(Holder(ReadOnly({"a": 1}))) == {"held": {"a": 1}}


def test_a_testbed_and_a_workload_made_so_equal_the_ones_before():
    topology, workload = read_only_topology(small_topology()), read_only_workload(small_workload())
    assert topology == small_topology()
    assert workload == small_workload()
    with pytest.raises(TypeError):
        topology.profiles["board"].stage_s["small-fp32"] = (1.0,)  # type: ignore[index]
    with pytest.raises(TypeError):
        workload.variants[0].exits[0].table[0.5] = (1.0, 1.0)  # type: ignore[index]
