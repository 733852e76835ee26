"""Frames that travel as JPEG, between runtimes that really run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from telcoai.model.jpeg import encode, most_bytes
from telcoai.serving.inference import one_raw_input
from telcoai.serving.tensors import one_string
from tests.e2e.serving import tiny_family
from tests.e2e.serving.asking import Reply, ask, ask_sample, wait_ready
from tests.e2e.serving.tiny_family import Runtime, assignment

SIZES = {"small": 64, "large": 96}
PACE = [0.02, 0.02, 0.02]
DECODE_S = 0.015
ROUTE = {
    "service": "vision",
    "device": "camera-1",
    "variant": "small",
    "stage": 0,
    "hops": ["edge"] * 3,
    "thresholds": [1.01, 1.01],
    "wire": "fp16",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("larger")
    tiny_family.write_family(path, SIZES)
    return path


@pytest.fixture(params=["jpeg", "raw"])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def nodes(folder: Path, tmp_path: Path, form: str) -> Iterator[dict[str, Runtime]]:
    work = tiny_family.workload(folder, stage_s=PACE, decode_s=DECODE_S, sizes=SIZES)
    with tiny_family.running(tmp_path, {"camera-1": work, "edge": work}, frames={"vision": form}) as runtimes:
        wait_ready(*runtimes.values())
        yield runtimes


def smooth(size: int) -> Any:
    ramp = np.linspace(0, 255, size).astype(np.uint8)
    return np.broadcast_to(ramp[:, None, None], (size, size, 3))


def ask_frame(runtime: Runtime, size: int) -> Reply:
    headers, body = one_raw_input("frame", "UINT8", (1, size, size, 3), smooth(size).tobytes())
    return ask(runtime, "POST", "/v2/models/vision/infer", body, headers)


def ask_hop(edge: Runtime, datatype: str, shape: tuple[int, ...], raw: bytes) -> Reply:
    headers, body = one_raw_input("frame", datatype, shape, raw)
    headers["telcoai-route"] = json.dumps(ROUTE)
    return ask(edge, "POST", "/v2/models/small/infer", body, headers)


def test_a_travelling_frame_has_its_size_in_bytes_and_its_decoding_in_time(
    nodes: dict[str, Runtime], form: str
) -> None:
    camera = nodes["camera-1"]
    camera.put_plan(assignment("camera-1", ["edge"] * 3))
    reply = ask_frame(camera, 64)
    assert reply.status == 200
    first, second = reply.hops
    assert (first["c"], second["node"], second["c"]) == (
        ("0", "edge", "75000000") if form == "jpeg" else ("0", "edge", "60000000")
    )
    assert (int(first["b"]) < 64 * 64 * 3 / 3) == (form == "jpeg")
    assert len(encode(smooth(64))) < int(first["b"])


def test_a_frame_that_stays_on_the_device_is_not_decoded(nodes: dict[str, Runtime], form: str) -> None:
    camera = nodes["camera-1"]
    camera.put_plan(assignment("camera-1", ["camera-1", "edge", "edge"]))
    reply = ask_sample(camera, 3)
    assert reply.status == 200
    assert [hop["c"] for hop in reply.hops] == ["20000000", "40000000"]


def test_a_dead_hop_still_leaves_the_raw_frame_to_the_device(nodes: dict[str, Runtime], form: str) -> None:
    camera, edge = nodes["camera-1"], nodes["edge"]
    camera.put_plan(assignment("camera-1", ["camera-1"] * 3))
    own = ask_sample(camera, 5).document["outputs"]
    camera.put_plan(assignment("camera-1", ["edge"] * 3))
    edge.stop()
    reply = ask_sample(camera, 5)
    assert reply.headers["telcoai-fallback"] == "edge"
    assert reply.document["outputs"] == own


@pytest.mark.parametrize("form", ["jpeg"], indirect=True)
def test_what_is_no_fitting_jpeg_is_refused_and_the_runtime_lives(nodes: dict[str, Runtime], form: str) -> None:
    edge = nodes["edge"]
    good = encode(smooth(64))
    assert ask_hop(edge, "BYTES", (1,), one_string(good)).status == 200
    wrong = [
        ("BYTES", (1,), one_string(b"no jpeg at all"), "no usable JPEG"),
        ("BYTES", (1,), one_string(good[:300]), "no usable JPEG"),
        ("BYTES", (1,), one_string(encode(smooth(96))), "96 × 96 pixels"),
        ("BYTES", (1,), one_string(b""), "of 0 bytes"),
        ("BYTES", (1,), one_string(bytes(most_bytes(64) + 1)), "bytes; 1 to"),
        ("BYTES", (1,), one_string(good)[:-1], "are not 1 strings"),
        ("BYTES", (2,), one_string(good) * 2, "the model takes BYTES [1]"),
        ("UINT8", (1, 64, 64, 3), smooth(64).tobytes(), "the model takes BYTES [1]"),
    ]
    for datatype, shape, raw, said in wrong:
        reply = ask_hop(edge, datatype, shape, raw)
        assert (reply.status, said in reply.document["error"]) == (400, True), reply.body
    random = np.random.default_rng(2)
    for _ in range(60):
        broken = bytearray(good)
        for at in random.integers(0, len(good), 6):
            broken[at] = random.integers(0, 256)
        assert ask_hop(edge, "BYTES", (1,), one_string(bytes(broken))).status in (200, 400)
    assert ask_hop(edge, "BYTES", (1,), one_string(good)).status == 200
    assert edge.ask("GET", "/stats")["queue"] == 0
    assert edge.stop() == 0
    assert edge.process.stderr is not None
    assert edge.process.stderr.read() == ""


@pytest.mark.parametrize("form", ["raw"], indirect=True)
def test_a_service_with_raw_frames_takes_no_jpeg(nodes: dict[str, Runtime], form: str) -> None:
    reply = ask_hop(nodes["edge"], "BYTES", (1,), one_string(encode(smooth(64))))
    assert (reply.status, "the model takes UINT8" in reply.document["error"]) == (400, True)
