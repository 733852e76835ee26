from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from telcoai.load.rows import read_rows

Config = Callable[..., dict[str, Any]]
StartDriver = Callable[[object], "subprocess.Popen[str]"]
StartServer = Callable[..., int]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:
        yield server.getsockname()[1]


def finished(process: subprocess.Popen[str]) -> None:
    _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (0, "")


def rows_of(config: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = read_rows(Path(config["out"])).to_pylist()
    return sorted(rows, key=lambda row: row["request_id"])


def wait_for_rows(config: dict[str, Any], least: int) -> None:
    until = time.monotonic() + 60
    while not Path(config["out"]).exists() or read_rows(Path(config["out"])).num_rows < least:
        assert time.monotonic() < until, f"waited 60 s for {least} rows in {config['out']}"
        time.sleep(0.05)


def test_every_request_is_a_row_with_all_that_the_reply_said(
    start_server: StartServer, config: Config, start_driver: StartDriver
) -> None:
    told = config(start_server(20))
    finished(start_driver(told))
    rows = rows_of(told)
    assert [row["request_id"] for row in rows] == list(range(250))
    assert {row["status"] for row in rows} == {"200"}
    assert sum(row["warmup"] for row in rows) == 50
    first = rows[0]
    assert (first["exit"], first["variant"], first["placement"]) == (1, "lite0-128-fp32", "camera-1,edge,edge")
    assert (first["prediction"], first["bytes_sent"], first["bytes_received"]) == (3, 4000, 500)
    assert [hop["node"] for hop in first["hops"]] == ["camera-1", "edge"]
    assert first["hops"][0]["compute_ns"] == 20000
    assert all(row["correct"] == (row["label"] == 3) for row in rows)
    assert 100 <= sum(row["correct"] for row in rows) <= 150
    assert all(row["on_time"] == (row["done_ns"] - row["scheduled_ns"] <= 5e9) for row in rows)


def test_latency_is_the_known_service_time_and_little_more(
    start_server: StartServer, config: Config, start_driver: StartDriver
) -> None:
    told = config(start_server(30))
    finished(start_driver(told))
    rows = rows_of(told)
    latency_ms = np.array([row["done_ns"] - row["scheduled_ns"] for row in rows]) / 1e6
    assert latency_ms.min() >= 29
    assert np.median(latency_ms) < 30 + 15
    assert all(row["scheduled_ns"] <= row["sent_ns"] <= row["first_byte_ns"] <= row["done_ns"] for row in rows)


def test_the_loop_is_open_however_slow_the_server(
    start_server: StartServer, config: Config, start_driver: StartDriver
) -> None:
    told = config(start_server(1000))
    finished(start_driver(told))
    rows = rows_of(told)
    lag_ms = np.array([row["sent_ns"] - row["scheduled_ns"] for row in rows]) / 1e6
    assert {row["status"] for row in rows} == {"200"}
    assert np.median(lag_ms) < 100


def test_when_all_connections_are_taken_latency_still_counts_from_the_schedule(
    start_server: StartServer, config: Config, start_driver: StartDriver
) -> None:
    told = config(start_server(50), connections=2, duration_s=1, warmup_s=0)
    finished(start_driver(told))
    rows = rows_of(told)
    last = rows[-1]
    assert {row["status"] for row in rows} == {"200"}
    # 100 requests on 2 connections of 50 ms each take 2.5 s; the last was due after 1 s.
    assert last["done_ns"] - last["scheduled_ns"] > 1e9


def test_the_same_seed_sends_the_same_load(
    start_server: StartServer, config: Config, start_driver: StartDriver
) -> None:
    port = start_server(0)
    poisson = [{"at_s": 0, "arrival": "poisson", "rate_per_s": 100}]
    one = config(port, demand=poisson)
    other = config(port, demand=poisson, out=one["out"] + "2", live=one["live"] + "2")
    finished(start_driver([one, other]))
    assert [(r["scheduled_ns"], r["sample"]) for r in rows_of(one)] == [
        (r["scheduled_ns"], r["sample"]) for r in rows_of(other)
    ]


@pytest.mark.parametrize("status", ["503", "404"])
def test_errors_are_rows_with_their_status(
    status: str, start_server: StartServer, config: Config, start_driver: StartDriver
) -> None:
    told = config(start_server(1, status))
    finished(start_driver(told))
    rows = rows_of(told)
    assert {(row["status"], row["correct"], row["on_time"], row["prediction"]) for row in rows} == {
        (status, False, False, -1)
    }
    assert json.loads(Path(told["live"]).read_text())["errors"] == len(rows) == 250


def test_a_dead_server_refuses(config: Config, start_driver: StartDriver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    told = config(port)
    finished(start_driver(told))
    rows = rows_of(told)
    assert [row["status"] for row in rows] == ["refused"] * 250
    assert {(row["sent_ns"], row["done_ns"], row["label"] >= 3) for row in rows} == {(-1, -1, True)}


def test_a_silent_server_times_out(silent_port: int, config: Config, start_driver: StartDriver) -> None:
    told = config(silent_port, timeout_s=0.5)
    finished(start_driver(told))
    rows = rows_of(told)
    assert [row["status"] for row in rows] == ["timeout"] * 250
    assert {row["done_ns"] for row in rows} == {-1}
    assert all(row["sent_ns"] >= 0 for row in rows)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_driver_records_what_is_under_way_and_closes_its_file(
    number: signal.Signals, start_server: StartServer, config: Config, start_driver: StartDriver
) -> None:
    told = config(start_server(700), duration_s=600)
    process = start_driver(told)
    wait_for_rows(told, 20)
    process.send_signal(number)
    finished(process)
    rows = rows_of(told)
    assert [row["request_id"] for row in rows] == list(range(len(rows)))
    assert {row["status"] for row in rows} == {"200", "unfinished"}
    assert Path(told["out"]).read_bytes().endswith(b"\xff\xff\xff\xff\0\0\0\0")
    live = json.loads(Path(told["live"]).read_text())
    assert (live["state"], live["sent"], live["done"]) == ("stopped", len(rows), len(rows))


def test_a_killed_driver_leaves_its_rows_to_the_last_batch(
    start_server: StartServer, config: Config, start_driver: StartDriver
) -> None:
    fast = [{"at_s": 0, "arrival": "poisson", "rate_per_s": 1000}]
    told = config(start_server(1), duration_s=600, demand=fast)
    process = start_driver(told)
    wait_for_rows(told, 1000)
    process.kill()
    process.wait()
    numbers = [row["request_id"] for row in rows_of(told)]
    assert len(numbers) >= 1000
    assert len(set(numbers)) == len(numbers)
    assert json.loads(Path(told["live"]).read_text())["state"] == "driving"


def test_a_full_disk_stops_the_driver_with_the_reason(
    start_server: StartServer, config: Config, start_driver: StartDriver
) -> None:
    told = config(start_server(1), duration_s=600, out="/dev/full")
    _, stderr = start_driver(told).communicate(timeout=60)
    assert "No space left on device" in stderr


def test_nonsense_ends_with_code_2_and_a_reason(config: Config, start_driver: StartDriver) -> None:
    process = start_driver(config(1, demand=[{"arrival": "bursts", "rate_per_s": 1}]))
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "unknown arrival 'bursts'" in stderr
    assert "Traceback" not in stderr


@pytest.mark.sandbox
@pytest.mark.skipif(os.geteuid() != 0, reason="only root enters another network namespace")
def test_one_process_drives_from_several_network_namespaces(
    start_server: StartServer, config: Config, start_driver: StartDriver
) -> None:
    # In a network namespace of its own, with loopback down, nothing can be reached: its requests are refused.
    apart = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo here; exec sleep 60"], stdout=subprocess.PIPE)
    try:
        assert apart.stdout is not None
        assert apart.stdout.readline() == b"here\n"
        port = start_server(1)
        here = config(port)
        there = config(port, device="camera-2", netns_fd_path=f"/proc/{apart.pid}/ns/net")
        there |= {"out": here["out"] + "2", "live": here["live"] + "2"}
        finished(start_driver([here, there]))
    finally:
        apart.kill()
        apart.communicate()
    assert {row["status"] for row in rows_of(here)} == {"200"}
    assert {row["status"] for row in rows_of(there)} == {"refused"}
