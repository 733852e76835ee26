from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from telcoai.errors import InputError, TestbedError
from telcoai.load.foreign import ForeignLoad, drive_server
from telcoai.load.tally import LoadResult
from telcoai.model.scenario import Demand
from tests.e2e.serving import tiny_family

StartServer = Callable[..., int]
CONSTANT = Demand("constant", 100)


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[tiny_family.Runtime]:
    """A node runtime that serves the variants ``small`` and ``large``."""
    tiny_family.write_family(tmp_path)
    with tiny_family.running(tmp_path, {"camera-1": tiny_family.workload(tmp_path)}) as runtimes:
        yield runtimes["camera-1"]


def test_figures_are_those_of_the_known_service_time(start_server: StartServer) -> None:
    seen: list[LoadResult] = []
    url = f"http://127.0.0.1:{start_server(25)}"
    result = drive_server(ForeignLoad(url, "vision", CONSTANT, 2), seen.append)
    assert (result.scheduled, result.sent, result.done, result.errors) == (200, 200, 200, 0)
    assert result.statuses == {"200": 200}
    assert 24 <= result.p50_ms < 25 + 15
    assert result.p50_ms <= result.p90_ms <= result.p95_ms <= result.p99_ms <= result.max_ms
    assert not result.interrupted
    assert [one.sent for one in seen] == sorted(one.sent for one in seen)
    assert len(seen) >= 2


@pytest.mark.parametrize("binary", [False, True])
def test_a_node_runtime_answers_what_its_metadata_asks_for(runtime: tiny_family.Runtime, binary: bool) -> None:
    load = ForeignLoad(f"http://{runtime.url}", "small", Demand("poisson", 50), 2, seed=1, binary=binary)
    result = drive_server(load)
    assert result.statuses == {"200": result.scheduled}


def test_inputs_from_a_file_are_sent(runtime: tiny_family.Runtime, tmp_path: Path) -> None:
    path = tmp_path / "input.json"
    path.write_text(f'{{"inputs":[{{"name":"frame","datatype":"UINT8","shape":[1,8,8,3],"data":{[7] * 192}}}]}}')
    for binary in (False, True):
        load = ForeignLoad(f"http://{runtime.url}", "small", CONSTANT, 0.5, inputs=path, binary=binary)
        assert drive_server(load).statuses == {"200": 50}


def test_inputs_that_the_model_does_not_take_are_refused_before_the_start(
    runtime: tiny_family.Runtime, tmp_path: Path
) -> None:
    path = tmp_path / "input.json"
    path.write_text('{"inputs":[{"name":"frame","datatype":"UINT8","shape":[1,1,1,3],"data":[1,2,3]}]}')
    with pytest.raises(InputError, match="POST /v2/models/small/infer: 400"):
        drive_server(ForeignLoad(f"http://{runtime.url}", "small", CONSTANT, 60, inputs=path))


def test_a_model_that_is_not_there_is_refused(runtime: tiny_family.Runtime) -> None:
    with pytest.raises(InputError, match="404"):
        drive_server(ForeignLoad(f"http://{runtime.url}", "no such/model", CONSTANT, 60))


def test_raw_tensors_go_only_to_servers_that_take_them(start_server: StartServer) -> None:
    with pytest.raises(InputError, match="binary_tensor_data"):
        drive_server(ForeignLoad(f"http://127.0.0.1:{start_server(0)}", "vision", CONSTANT, 60, binary=True))


def test_a_server_that_is_not_there_is_an_error_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(TestbedError, match="Connection refused"):
        drive_server(ForeignLoad(f"http://127.0.0.1:{port}", "vision", CONSTANT, 60))


def test_errors_of_a_server_are_counted_by_status(start_server: StartServer) -> None:
    result = drive_server(ForeignLoad(f"http://127.0.0.1:{start_server(0, '503')}", "vision", CONSTANT, 1))
    assert (result.statuses, result.errors, result.rate_per_s) == ({"503": 100}, 100, 0.0)


def test_an_interrupt_ends_the_load_with_its_figures(start_server: StartServer) -> None:
    load = ForeignLoad(f"http://127.0.0.1:{start_server(0)}", "vision", CONSTANT, 600)
    timer = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    result = drive_server(load)
    timer.join()
    assert result.interrupted
    assert 0 < result.done == result.sent < result.scheduled
