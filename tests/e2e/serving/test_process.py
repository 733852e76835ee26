from __future__ import annotations

import contextlib
import json
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from telcoai.errors import NodeError
from tests.e2e.serving import tiny_family
from tests.e2e.serving.asking import Reply, ask, ask_sample
from tests.e2e.serving.tiny_family import Runtime, assignment

Start = Callable[..., dict[str, Runtime]]


def _run(folder: Path, config: Any) -> tuple[int, str]:
    path = folder / "bad.json"
    path.write_text(config if isinstance(config, str) else json.dumps(config))
    process = tiny_family.launch(path)
    _, err = process.communicate(timeout=20)
    return process.returncode, err


def test_sigterm_lets_requests_under_way_finish(start: Start) -> None:
    camera = start({"camera-1": {"stage_s": [0.5, 0, 0], "compute": "replay"}})["camera-1"]
    camera.put_plan(assignment("camera-1", ["camera-1"] * 3))
    replies: list[Reply] = []
    asker = threading.Thread(target=lambda: replies.append(ask_sample(camera, 0)))
    asker.start()
    while not camera.ask("GET", "/stats")["arrivals"]:
        time.sleep(0.005)
    assert camera.stop() == 0
    asker.join()
    assert [reply.status for reply in replies] == [200]
    assert not camera.control.exists()
    assert camera.process.stderr is not None
    assert camera.process.stderr.read() == ""


def test_a_request_that_takes_too_long_does_not_hold_up_the_end(start: Start) -> None:
    camera = start({"camera-1": {"stage_s": [60, 0, 0], "compute": "replay"}})["camera-1"]
    camera.put_plan(assignment("camera-1", ["camera-1"] * 3))
    with socket.create_connection(("127.0.0.1", camera.port)) as asker:
        body = b'{"inputs":[{"name":"sample","shape":[1,1],"datatype":"INT64","data":[1]}]}'
        asker.sendall(b"POST /v2/models/vision/infer HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        while not camera.ask("GET", "/stats")["arrivals"]:
            time.sleep(0.005)
        assert camera.stop() == 0


def test_an_address_in_use_is_said_and_ends_with_3(family: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = tiny_family.node_config(tmp_path, "camera-1", tiny_family.workload(family))
        (tmp_path / "token").write_text("x")
        port = taken.getsockname()[1]
        code, err = _run(tmp_path, config | {"listen": ["127.0.0.1", port]})
    assert code == 3
    assert f"camera-1 can't listen on 127.0.0.1:{port}" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cores": 0}, "cores"),
        ({"services": {"vision": "other"}}, "unknown workload 'other'"),
        ({"services": {"small": "tiny"}}, "'small' is used twice"),
        ({"surprise": 1}, "surprise"),
        ({"token_file": "/nowhere/token"}, "token can't be read"),
    ],
)
def test_a_wrong_configuration_is_said_and_ends_with_2(
    family: Path, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    (tmp_path / "token").write_text("x")
    code, err = _run(tmp_path, tiny_family.node_config(tmp_path, "camera-1", tiny_family.workload(family)) | change)
    assert code == 2
    assert words in err
    assert "Traceback" not in err


@pytest.mark.parametrize("text", ["", "{", "[]", "nul\0l"])
def test_a_file_that_is_no_configuration_ends_with_2(tmp_path: Path, text: str) -> None:
    code, err = _run(tmp_path, text)
    assert code == 2
    assert "Traceback" not in err


def test_the_control_socket_is_its_owners_and_may_have_a_long_path(family: Path, tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 30)
    deep.mkdir(parents=True)
    port = tiny_family.free_ports(1)[0]
    work = tiny_family.workload(family)
    changes = {"listen": ["127.0.0.1", port], "control": str(deep / "camera-1.sock")}
    runtime = tiny_family.start(tmp_path, tiny_family.node_config(tmp_path, "camera-1", work, **changes))
    try:
        assert stat.S_IMODE(runtime.control.stat().st_mode) == 0o600
        assert runtime.ask("GET", "/stats")["node"] == "camera-1"
        assert ask(runtime, "GET", "/v2/health/live").status == 200
    finally:
        assert runtime.stop() == 0
        runtime.close_streams()


def test_onnxruntime_stays_out_of_a_runtime_that_only_replays(start: Start) -> None:
    camera = start({"camera-1": {"compute": "replay"}})["camera-1"]
    camera.put_plan(assignment("camera-1", ["camera-1"] * 3))
    assert ask_sample(camera, 0).status == 200
    maps = subprocess.run(["cat", f"/proc/{camera.process.pid}/maps"], capture_output=True, text=True, check=True)
    assert "onnxruntime" not in maps.stdout


def test_a_model_that_can_not_be_loaded_is_said_and_ends_with_3(family: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("x")
    work = tiny_family.workload(family)
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    work["variants"][1]["stages"][2]["path"] = str(broken)
    code, err = _run(tmp_path, tiny_family.node_config(tmp_path, "camera-1", work))
    assert code == 3
    assert f"{broken} can't be loaded" in err
    assert "Traceback" not in err


def test_samples_that_can_not_be_read_are_said_at_the_plan(family: Path, tmp_path: Path) -> None:
    work = tiny_family.workload(family, "replay") | {"samples": str(tmp_path / "none.npz")}
    with (
        tiny_family.running(tmp_path, {"camera-1": work}) as runtimes,
        pytest.raises(NodeError, match="no usable samples"),
    ):
        runtimes["camera-1"].put_plan(assignment("camera-1", ["camera-1"] * 3))


def test_a_damaged_replay_file_ends_with_2(family: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("x")
    (tmp_path / "replay.npz").write_bytes(b"no archive")
    work = tiny_family.workload(family, "replay") | {"replay": str(tmp_path / "replay.npz")}
    code, err = _run(tmp_path, tiny_family.node_config(tmp_path, "camera-1", work))
    assert code == 2
    assert "not a usable replay file" in err


def test_a_restart_lets_requests_under_way_finish_and_begins_anew_in_the_same_process(start: Start) -> None:
    camera = start({"camera-1": {"stage_s": [0.3, 0, 0], "compute": "replay"}})["camera-1"]
    camera.put_plan(assignment("camera-1", ["camera-1"] * 3))
    before, replies = camera.ask("GET", "/stats"), list[Reply]()
    asker = threading.Thread(target=lambda: replies.append(ask_sample(camera, 0)))
    asker.start()
    while not camera.ask("GET", "/stats")["arrivals"]:
        time.sleep(0.005)
    assert ask(camera, "POST", "/restart", headers={"telcoai-token": tiny_family.TOKEN}).status == 202
    asker.join()
    assert [reply.status for reply in replies] == [200]
    after = _stats_of_the_next(camera, before["instance"])
    assert (after["arrivals"], after["answers"]) == ({}, {})
    assert camera.ask("GET", "/plan") == {"assignments": []}
    assert camera.process.poll() is None
    assert camera.stop() == 0


def _stats_of_the_next(runtime: Runtime, instance: str) -> Any:
    """Figures of the runtime that comes after ``instance``."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(NodeError):
            stats = runtime.ask("GET", "/stats")
            if stats["instance"] != instance:
                return stats
        time.sleep(0.02)
    raise AssertionError(f"{runtime.name} did not start again")


@pytest.mark.parametrize("headers", [{}, {"telcoai-token": "wrong"}, {"telcoai-token": ""}, {"authorization": "wrong"}])
def test_control_over_tcp_needs_the_token(start: Start, headers: dict[str, str]) -> None:
    camera = start({"camera-1": {"compute": "replay"}})["camera-1"]
    for method, target in [("GET", "/stats"), ("PUT", "/plan"), ("POST", "/restart")]:
        assert ask(camera, method, target, headers=headers).status == 401
    assert ask(camera, "GET", "/restart", headers={"telcoai-token": tiny_family.TOKEN}).status == 405
    assert ask(camera, "GET", "/stats", headers={"telcoai-token": tiny_family.TOKEN}).status == 200
    assert ask(camera, "GET", "/stats", headers={"authorization": f"Bearer {tiny_family.TOKEN}"}).status == 200
