from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from telcoai.load.foreign import ForeignLoad, drive_server
from telcoai.model.scenario import Demand

SERVICE_MS = 20.0
SLACK_MS = 15.0
"""The server's and the clients' wake-ups on a busy host; both drivers have them alike."""


@pytest.mark.e2e
def test_latency_is_distributed_as_mlperfs_load_generator_finds_it(
    start_server: Callable[..., int], tmp_path: Path
) -> None:
    port = start_server(SERVICE_MS)
    script = Path(__file__).with_name("loadgen_driver.py")
    command = [sys.executable, str(script), str(port), "100", "5", str(tmp_path)]
    theirs = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout)
    ours = drive_server(ForeignLoad(f"http://127.0.0.1:{port}", "vision", Demand("poisson", 100), 5))
    assert ours.errors == 0
    for found_ms in (ours.p50_ms, theirs["50.00"]):
        assert SERVICE_MS - 1 <= found_ms < SERVICE_MS + SLACK_MS
    assert ours.p90_ms >= ours.p50_ms
    assert theirs["90.00"] >= SERVICE_MS - 1
    assert abs(ours.p50_ms - theirs["50.00"]) < SLACK_MS
