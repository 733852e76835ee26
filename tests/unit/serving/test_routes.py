from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.serving.config import NodeConfig, StageConfig, VariantConfig, WorkloadConfig
from telcoai.serving.plans import read_plan, write_plan
from telcoai.serving.refusals import Refused
from telcoai.serving.routes import Routes, local_route, routes_of

STAGES = (StageConfig(Path("a"), (4, 2, 2)), StageConfig(Path("b"), (4, 1, 1)), StageConfig(Path("c"), ()))
SMALL = VariantConfig("small", "fp32", 8, STAGES, ("run",) * 3)
CONFIG = NodeConfig(
    node="camera-1",
    tier="device",
    listen=("127.0.0.1", 0),
    control=Path("c.sock"),
    token_file=Path("token"),
    cores=1,
    queue=1,
    peers={"edge": ("10.0.0.2", 8080)},
    services={"vision": "tiny"},
    workloads={"tiny": WorkloadConfig(classes=10, variants=(SMALL,))},
)
ROUTES = Routes(CONFIG)
PLANNED = {
    "service": "vision",
    "device": "camera-1",
    "variant": "small",
    "hops": ["camera-1", "edge", "edge"],
    "thresholds": [0.8, 1.01],
}


def header(**changes: Any) -> str:
    route = local_route("vision", "camera-1", "small", 3)
    return json.dumps(json.loads(ROUTES.write(route)) | changes)


def put(*assignments: dict[str, Any]) -> dict[str, Any]:
    return write_plan(read_plan(json.dumps({"assignments": list(assignments)}).encode(), CONFIG))


@given(
    st.integers(0, 2),
    st.lists(st.floats(0, 2), min_size=2, max_size=2),
    st.sampled_from(["fp16", "int8"]),
    st.floats(1e-9, 1e9),
    st.booleans(),
)
def test_routes_survive_their_header(
    stage: int, thresholds: list[float], wire: str, scale: float, replayed: bool
) -> None:
    text = header(stage=stage, thresholds=thresholds, wire=wire, scale=scale, replayed=replayed)
    route = ROUTES.read(text, "small")
    assert ROUTES.read(ROUTES.write(route), "small") == route
    assert (route.stage, list(route.thresholds), route.scale, route.replayed) == (stage, thresholds, scale, replayed)


@pytest.mark.parametrize(
    "change",
    [
        {"stage": 3},
        {"stage": -1},
        {"stage": 1.0},
        {"stage": True},
        {"hops": ["edge", "edge", "edge"]},
        {"hops": ["camera-1", "mars", "edge"]},
        {"hops": ["camera-1"]},
        {"thresholds": [0.5]},
        {"thresholds": [0.5, 2.5]},
        {"wire": "fp32"},
        {"scale": 0},
        {"scale": -1},
        {"variant": "large"},
        {"service": "x" * 3000},
        {"more": 1},
        {"replayed": "yes"},
    ],
)
def test_routes_that_make_no_sense_here_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refusal:
        ROUTES.read(header(**change), "small")
    assert refusal.value.status == 400


@given(st.text(max_size=100))
def test_a_header_that_is_no_route_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        ROUTES.read(text, "small")


def test_a_route_with_no_number_as_threshold_is_refused() -> None:
    with pytest.raises(Refused):
        ROUTES.read(header().replace("2.0", "NaN"), "small")


def test_a_plan_keeps_what_is_this_nodes_and_fills_in_defaults() -> None:
    kept = put(PLANNED, PLANNED | {"device": "camera-2", "service": "unknown-here"})
    assert kept == {"assignments": [PLANNED | DEFAULTS]}


DEFAULTS = {
    "hops": ("camera-1", "edge", "edge"),
    "thresholds": (0.8, 1.01),
    "wire": "fp16",
    "fallback": "local",
    "fallback_variant": "",
}


def test_a_plan_fixes_the_route() -> None:
    plan = read_plan(json.dumps({"assignments": [PLANNED]}).encode(), CONFIG)
    route = routes_of(plan["vision"])[0]
    assert (route.stage, route.hops, route.thresholds) == (0, ("camera-1", "edge", "edge"), (0.8, 1.01))


def test_every_reason_against_a_plan_is_told() -> None:
    wrong = PLANNED | {"hops": ["mars", "edge"], "thresholds": [], "fallback_variant": "huge"}
    with pytest.raises(Refused) as refusal:
        put(wrong, PLANNED | {"service": "speech"})
    for words in ("'mars'", "2 hops for 3", "0 thresholds for 2", "'huge'", "speech: unknown service"):
        assert words in refusal.value.message


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"assignments": [{}]}', b'{"assignments": 1, "x": 2}', b"\xff"])
def test_what_is_no_plan_is_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        read_plan(body, CONFIG)


def test_a_route_without_batches_or_priority_is_written_as_before_there_were_any() -> None:
    plain = json.loads(ROUTES.write(local_route("vision", "camera-1", "small", 3)))
    assert plain.keys().isdisjoint({"batch", "batch_wait_ms", "priority"})
    assert put(PLANNED)["assignments"][0].keys().isdisjoint({"batch", "batch_wait_ms", "priority"})


def test_batches_and_priority_go_from_the_plan_into_the_route_and_along_with_it() -> None:
    asked = {"batch": 8, "batch_wait_ms": 5, "priority": -2}
    plan = read_plan(json.dumps({"assignments": [PLANNED | asked]}).encode(), CONFIG)
    route = ROUTES.read(ROUTES.write(routes_of(plan["vision"])[0]), "small").moved_to(1, 0.5, False)
    assert (route.batch, route.batch_wait_ms, route.priority) == (8, 5.0, -2)
    assert write_plan(plan)["assignments"][0].items() >= asked.items()


@pytest.mark.parametrize(
    "wrong", [{"batch": 0}, {"batch": 65}, {"batch_wait_ms": -1}, {"batch_wait_ms": 1e5}, {"priority": 0.5}]
)
def test_batches_and_priority_out_of_bounds_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        put(PLANNED | wrong)
    with pytest.raises(Refused):
        ROUTES.read(header(**wrong), "small")


REPLICAS = {"replicas": [["edge", "edge", "edge"]]}


def test_a_plan_with_replicas_has_a_route_for_each_row_and_is_written_as_it_came() -> None:
    plan = read_plan(json.dumps({"assignments": [PLANNED | REPLICAS]}).encode(), CONFIG)
    assert [route.hops for route in routes_of(plan["vision"])] == [("camera-1", "edge", "edge"), ("edge",) * 3]
    assert read_plan(json.dumps(write_plan(plan)).encode(), CONFIG) == plan
    assert "replicas" not in put(PLANNED)["assignments"][0]


@pytest.mark.parametrize(
    ("replicas", "said"), [([["mars"] * 3], "unknown hop 'mars'"), ([["edge"]], "1 hops for 3 stages"), ("edge", "")]
)
def test_replicas_that_make_no_sense_are_refused(replicas: Any, said: str) -> None:
    with pytest.raises(Refused) as refusal:
        put(PLANNED | {"replicas": replicas})
    assert said in refusal.value.message
