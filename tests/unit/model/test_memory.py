"""What models take of memory, and how long they take to load."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.model.memory import COPIES, load_seconds, memory_of, needs, stage_bytes, together, total_bytes
from telcoai.model.plan import Assignment
from telcoai.model.topology import Band, DeviceProfile, Node, Speed, Tier, Topology
from telcoai.model.workload import ExitPoint, Stage, Variant, WorkloadInfo


def one_variant(name: str, precision: str, params: tuple[int, int]) -> Variant:
    stages = (Stage(0, Path("0"), 1, params[0], (10, 2)), Stage(1, Path("1"), 1, params[1], ()))
    return Variant(name, precision, 8, 192, stages, (ExitPoint(0.5, {}), ExitPoint(0.9, {})))


INT8, FP32 = one_variant("a", "int8", (1000, 3000)), one_variant("b", "fp32", (4000, 12000))
TOY = WorkloadInfo("toy", "toy", (INT8, FP32), Path("s"), Path("r"), 10, 100)
BAND = Band(1.0, 1.0, 1.0)
BARE = DeviceProfile("pi", 1, 1 << 20, BAND, BAND, BAND, (Speed("int8", BAND),))


def test_a_stage_takes_its_parameters_twice_and_work_space_for_what_goes_in_and_out() -> None:
    assert stage_bytes(INT8, 0) == 2 * 1000 + 12 * (192 + 20)
    assert stage_bytes(FP32, 1) == 2 * 12000 + 12 * 20 * 4


def test_loading_takes_parameters_over_the_read_rate_and_a_session() -> None:
    profile = replace(BARE, load_bytes_per_s=Band(1e4, 1e4, 1e4), load_session_s=Band(0.2, 0.1, 0.3))
    assert load_seconds(profile, INT8, 1) == pytest.approx(0.3 + 0.2)
    assert load_seconds(BARE, INT8, 1) == 0.0


def test_an_assignment_needs_its_hops_and_its_fallback() -> None:
    one = Assignment("vision", "cam", "b", ("cam", "edge"), (0.9,), fallback_variant="a")
    assert needs(one, TOY) == {"cam": {("toy", "b", 0), ("toy", "a", 0), ("toy", "a", 1)}, "edge": {("toy", "b", 1)}}
    assert needs(replace(one, fallback="fail"), TOY) == {"cam": {("toy", "b", 0)}, "edge": {("toy", "b", 1)}}


def test_the_nodes_of_every_replica_need_what_their_row_gives_them() -> None:
    rows = (("edge", "cloud"), ("other", "other"), ("edge", "edge"))
    one = Assignment("s", "pi", "a", rows[0], (2.0,), fallback="fail", replicas=rows[1:])
    assert needs(one, TOY) == {
        "edge": {("toy", "a", 0), ("toy", "a", 1)},
        "cloud": {("toy", "a", 1)},
        "other": {("toy", "a", 0), ("toy", "a", 1)},
    }


def test_nobody_knows_what_kubernetes_places_where() -> None:
    assert needs(Assignment("vision", "cam", "a", ("*", "*"), (2.0,), fallback="fail"), TOY) == {}


@given(st.lists(st.sampled_from(["cam-1", "cam-2", "cam-3"]), min_size=1))
def test_a_stage_that_many_use_is_in_memory_once(devices: list[str]) -> None:
    many = [Assignment("vision", device, "a", ("edge", "edge"), (2.0,), fallback="fail") for device in devices]
    held = together(needs(one, TOY) for one in many)
    assert total_bytes(held["edge"], {"toy": TOY}) == stage_bytes(INT8, 0) + stage_bytes(INT8, 1)
    assert total_bytes(held["edge"], {"toy": TOY}) >= COPIES * 4000


def test_a_testbed_may_give_models_less_than_the_profile_has() -> None:
    nodes = (Node("cam", Tier.DEVICE, "pi", "cam", 5000), Node("edge", Tier.EDGE, "pi", "edge"))
    built = Topology("t", nodes, (), {"pi": BARE}, {})
    assert (memory_of(built, "cam"), memory_of(built, "edge")) == (5000, 1 << 20)
