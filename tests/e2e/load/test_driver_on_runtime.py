from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from telcoai.load.rows import read_rows
from tests.e2e.serving import tiny_family

STAGE_S = (0.004, 0.005, 0.006)


@pytest.fixture
def runtimes(tmp_path: Path) -> Iterator[dict[str, tiny_family.Runtime]]:
    """A device and an edge with paced stages; the plan runs stage 0 on the device and the rest on the edge."""
    tiny_family.write_family(tmp_path)
    work = tiny_family.workload(tmp_path, stage_s=STAGE_S)
    with tiny_family.running(tmp_path, {"camera-1": work, "edge": work}) as running:
        running["camera-1"].put_plan(tiny_family.assignment("camera-1", ["camera-1", "edge", "edge"]))
        yield running


def test_rows_hold_what_happened_on_each_hop(
    runtimes: dict[str, tiny_family.Runtime],
    config: Callable[..., dict[str, Any]],
    start_driver: Callable[[object], subprocess.Popen[str]],
) -> None:
    told = config(runtimes["camera-1"].port, demand=[{"at_s": 0, "arrival": "constant", "rate_per_s": 20}])
    told["samples"] = tiny_family.SAMPLES
    _, stderr = start_driver(told).communicate(timeout=60)
    assert stderr == ""
    rows = read_rows(Path(told["out"])).to_pylist()
    assert len(rows) == 50
    assert {row["status"] for row in rows} == {"200"}
    for row in rows:
        assert [hop["node"] for hop in row["hops"]] == ["camera-1", "edge"]
        assert row["placement"] == "camera-1,edge,edge"
        assert (row["variant"], row["exit"]) == ("small", 2)
        assert 0 <= row["prediction"] < tiny_family.CLASSES
        assert row["bytes_sent"] == row["hops"][0]["sent_bytes"] > 0
        assert row["bytes_received"] == row["hops"][0]["received_bytes"] > 0
        spent_ns = sum(hop["queue_ns"] + hop["compute_ns"] + hop["network_ns"] for hop in row["hops"])
        assert sum(STAGE_S) * 1e9 <= spent_ns <= row["done_ns"] - row["scheduled_ns"]


def test_an_answer_after_the_required_deadline_is_late_and_still_an_answer(
    runtimes: dict[str, tiny_family.Runtime],
    config: Callable[..., dict[str, Any]],
    start_driver: Callable[[object], subprocess.Popen[str]],
) -> None:
    # Two cores of 4 ms a request take at most 500 requests a second: at three times that, waiting outlasts 20 ms.
    told = config(
        runtimes["camera-1"].port,
        demand=[{"at_s": 0, "arrival": "constant", "rate_per_s": 1500}],
        deadlines=[{"at_s": 0, "deadline_ms": 20}],
        duration_s=1,
    )
    told["samples"] = tiny_family.SAMPLES
    start_driver(told).communicate(timeout=60)
    rows = read_rows(Path(told["out"])).to_pylist()
    late = [row for row in rows if row["status"] == "200" and row["done_ns"] - row["scheduled_ns"] > 20e6]
    assert late
    assert not any(row["on_time"] for row in late)
    assert {row["deadline_ms"] for row in rows} == {20.0}
