from __future__ import annotations

import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from telcoai.load.rows import SCHEMA

TOKEN = "a-token-for-tests"
Config = Callable[..., dict[str, Any]]
StartServer = Callable[..., int]


@dataclass
class Pod:
    port: int
    process: subprocess.Popen[str]

    def ask(self, method: str, path: str, body: object = None, token: str = TOKEN) -> tuple[int, Any]:
        """Status and body (decoded when it is JSON) of a request; bytes are sent as they are."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        try:
            connection.request(method, path, data, {"telcoai-token": token} if token else {})
            reply = connection.getresponse()
            content = reply.read()
            is_json = reply.headers["content-type"] == "application/json"
            return reply.status, json.loads(content) if is_json else content
        finally:
            connection.close()

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", "/state")[1]
        return found

    def wait_for(self, state: str) -> dict[str, Any]:
        until = time.monotonic() + 30
        while (found := self.state())["state"] != state:
            assert time.monotonic() < until, found
            time.sleep(0.02)
        return found

    def rows(self, index: int = 0) -> Any:
        status, content = self.ask("GET", f"/rows/{index}")
        assert status == 200
        return pq.read_table(io.BytesIO(content))


def _start(folder: Path, port: int = 0) -> subprocess.Popen[str]:
    (folder / "token").write_text(TOKEN + "\n")
    (folder / "work").mkdir(exist_ok=True)
    told = {"TELCOAI_TOKEN_FILE": str(folder / "token"), "TELCOAI_WORK": str(folder / "work")}
    command = [sys.executable, "-W", "error", "-m", "telcoai.load.pod", str(port)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env={**os.environ, **told})


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = _start(tmp_path, port)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line == "ready\n", process.communicate()
    yield Pod(port, process)
    process.kill()
    process.communicate()


def test_what_is_driven_comes_back_as_parquet(pod: Pod, start_server: StartServer, config: Config) -> None:
    port = start_server(5)
    assert pod.state() == {"state": "waiting", "code": None, "log": []}
    zero = pod.ask("GET", "/clock")[1]["monotonic_ns"]
    configs = [config(port, start_ns=zero + 500_000_000), config(port, device="camera-2", start_ns=zero + 500_000_000)]
    assert pod.ask("PUT", "/run", configs) == (202, {})
    assert pod.state()["state"] == "driving"
    assert pod.ask("PUT", "/run", configs) == (409, {"error": "a run goes on: stop it first"})
    assert pod.wait_for("ended") == {"state": "ended", "code": 0, "log": []}
    for index, device in enumerate(("camera-1", "camera-2")):
        table = pod.rows(index)
        assert table.schema.equals(SCHEMA)
        assert table.num_rows == 250
        assert set(table["device"].to_pylist()) == {device}
        assert set(table["status"].to_pylist()) == {"200"}
    assert [figures["state"] for figures in pod.ask("GET", "/live")[1]] == ["complete"] * 2
    assert not Path(configs[0]["out"]).exists()
    assert pod.ask("GET", "/rows/2")[0] == 404


def test_a_driver_is_ready_within_a_moment(pod: Pod, start_server: StartServer, config: Config) -> None:
    """What is due 0.3 s after the order is sent on time: a driver that comes later would say so in its rows."""
    told = config(start_server(5), start_ns=time.monotonic_ns() + 300_000_000, duration_s=0.2, warmup_s=0.2)
    assert pod.ask("PUT", "/run", [told])[0] == 202
    pod.wait_for("ended")
    first = pod.rows().slice(0, 1).to_pylist()[0]
    assert first["sent_ns"] - first["scheduled_ns"] < 50_000_000


def test_rows_and_figures_can_be_seen_while_it_drives(pod: Pod, start_server: StartServer, config: Config) -> None:
    told = config(start_server(1), duration_s=60, start_ns=time.monotonic_ns() + 200_000_000)
    assert pod.ask("PUT", "/run", [told])[0] == 202
    until = time.monotonic() + 20
    while pod.rows().num_rows < 64:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert pod.ask("GET", "/live")[1][0]["state"] == "driving"
    assert pod.ask("POST", "/stop") == (202, {})
    assert pod.wait_for("ended")["code"] == 0
    assert pod.ask("GET", "/live")[1][0]["state"] == "stopped"
    assert pod.ask("POST", "/stop") == (202, {})


def test_a_second_run_replaces_the_first(pod: Pod, start_server: StartServer, config: Config) -> None:
    port = start_server(1)
    for rate in (100, 50):
        demand = [{"at_s": 0, "arrival": "constant", "rate_per_s": rate}]
        told = config(port, demand=demand, duration_s=0.5, start_ns=time.monotonic_ns() + 300_000_000)
        assert pod.ask("PUT", "/run", [told])[0] == 202
        pod.wait_for("ended")
        assert pod.rows().num_rows == rate


def test_a_driver_that_fails_says_why(pod: Pod, config: Config) -> None:
    assert pod.ask("PUT", "/run", [config(1, labels="/nowhere.npz")])[0] == 202
    ended = pod.wait_for("ended")
    assert (ended["code"], "/nowhere.npz" in ended["log"][0]) == (2, True)
    assert pod.rows().num_rows == 0
    assert pod.ask("GET", "/live")[1] == [None]


def test_a_driver_that_is_killed_is_known_and_another_can_follow(
    pod: Pod, start_server: StartServer, config: Config
) -> None:
    told = config(start_server(1), duration_s=60, start_ns=time.monotonic_ns() + 200_000_000)
    assert pod.ask("PUT", "/run", [told])[0] == 202
    os.kill(_driver_of(pod), signal.SIGKILL)
    assert pod.wait_for("ended")["code"] == -9
    assert pod.ask("PUT", "/run", [told])[0] == 202


def test_no_driver_outlives_its_pod(pod: Pod, start_server: StartServer, config: Config) -> None:
    told = config(start_server(1), duration_s=60)
    assert pod.ask("PUT", "/run", [told])[0] == 202
    driver = Path(f"/proc/{_driver_of(pod)}")
    pod.process.kill()
    until = time.monotonic() + 10
    while driver.exists():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_warm_process_that_is_lost_takes_the_run_with_it(pod: Pod, start_server: StartServer, config: Config) -> None:
    told = config(start_server(1), duration_s=60)
    assert pod.ask("PUT", "/run", [told])[0] == 202
    os.kill(_children(pod.process.pid)[0], signal.SIGKILL)
    assert pod.wait_for("ended")["code"] == -9
    status, answer = pod.ask("PUT", "/run", [told])
    assert (status, "warm process is gone" in answer["error"]) == (500, True)


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def _driver_of(pod: Pod) -> int:
    (warm,) = _children(pod.process.pid)
    (driver,) = _children(warm)
    return driver


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"", "not JSON"),
        ([], "a list of"),
        ({}, "a list of"),
        ([1], "a list of"),
        ([{"service": "vision"}], "driver 0: device is missing"),
    ],
)
def test_a_run_that_makes_no_sense_is_refused(pod: Pod, body: object, words: str) -> None:
    status, answer = pod.ask("PUT", "/run", body)
    assert (status, words in answer["error"]) == (400, True)
    assert pod.state()["state"] == "waiting"


def test_only_health_needs_no_token(pod: Pod) -> None:
    assert pod.ask("GET", "/v2/health/ready", token="") == (200, b"")
    asked = [
        ("GET", "/clock"),
        ("PUT", "/run"),
        ("GET", "/live"),
        ("POST", "/stop"),
        ("GET", "/state"),
        ("POST", "/bye"),
    ]
    for method, path in [*asked, ("GET", "/rows/0"), ("GET", "/nothing")]:
        for token in ("", "wrong", "é"):
            assert pod.ask(method, path, token=token)[0] == 401
    assert pod.process.poll() is None


def test_what_is_not_there_is_said(pod: Pod) -> None:
    assert pod.ask("GET", "/nothing")[0] == 404
    assert pod.ask("GET", "/rows/0")[0] == 404
    assert pod.ask("GET", "/rows/-1")[0] == 404
    assert pod.ask("GET", "/rows/x")[0] == 404
    assert pod.ask("DELETE", "/run")[0] == 405
    assert pod.ask("POST", "/rows/0")[0] == 405


def test_a_body_that_is_too_large_is_refused(pod: Pod) -> None:
    with socket.create_connection(("127.0.0.1", pod.port)) as client:
        client.sendall(b"PUT /run HTTP/1.1\r\nhost: x\r\ncontent-length: 999999999\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")
    assert pod.state()["state"] == "waiting"


def test_a_client_that_says_nothing_holds_nobody_up(pod: Pod) -> None:
    with socket.create_connection(("127.0.0.1", pod.port)) as silent:
        silent.sendall(b"PUT /run HTTP/1.1\r\n")
        assert pod.ask("GET", "/clock")[0] == 200


def test_bye_ends_it_and_leaves_nothing(pod: Pod, tmp_path: Path) -> None:
    assert pod.ask("POST", "/bye") == (200, {})
    assert pod.process.wait(10) == 0
    assert pod.process.stderr is not None
    assert pod.process.stderr.read() == ""
    assert list((tmp_path / "work").iterdir()) == []


def test_sigterm_ends_the_driver_in_order_too(
    pod: Pod, tmp_path: Path, start_server: StartServer, config: Config
) -> None:
    told = config(start_server(1), duration_s=60, start_ns=time.monotonic_ns() + 100_000_000)
    assert pod.ask("PUT", "/run", [told])[0] == 202
    driver = _driver_of(pod)
    pod.process.send_signal(signal.SIGTERM)
    assert pod.process.wait(10) == 0
    assert not Path(f"/proc/{driver}").exists()
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (["x"], {}, "usage"),
        (["1", "2"], {}, "usage"),
        ([], {"TELCOAI_TOKEN_FILE": ""}, "TELCOAI_TOKEN_FILE"),
        ([], {"TELCOAI_TOKEN_FILE": "/nowhere"}, "/nowhere"),
    ],
)
def test_nonsense_ends_with_2(arguments: list[str], environment: dict[str, str], words: str) -> None:
    command = [sys.executable, "-m", "telcoai.load.pod", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
    assert (done.returncode, words in done.stderr, "Traceback" in done.stderr) == (2, True, False)
