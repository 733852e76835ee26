from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SERVER = Path(__file__).with_name("known_server.py")
StartServer = Callable[..., int]


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    """Starts servers of known service time; returns the port of each."""
    running: list[subprocess.Popen[str]] = []

    def start(service_ms: float, *words: str) -> int:
        command = [sys.executable, str(SERVER), str(service_ms), *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        return int(process.stdout.readline())

    yield start
    for process in running:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Makes configurations of drivers; each sample's label is 3 or 4 in turn."""
    np.savez(tmp_path / "samples.npz", labels=np.arange(100) % 2 + 3)

    def make(port: int, **changes: object) -> dict[str, Any]:
        return {
            "service": "vision",
            "device": "camera-1",
            "url": f"http://127.0.0.1:{port}",
            "model": "vision",
            "seed": 7,
            "start_ns": time.monotonic_ns() + 1_500_000_000,
            "warmup_s": 0.5,
            "duration_s": 2,
            "demand": [{"at_s": 0, "arrival": "constant", "rate_per_s": 100, "trace": ""}],
            "deadlines": [{"at_s": 0, "deadline_ms": 5000}],
            "samples": 100,
            "labels": str(tmp_path / "samples.npz"),
            "timeout_s": 10,
            "out": str(tmp_path / "load" / "vision.camera-1.arrows"),
            "live": str(tmp_path / "live" / "vision.camera-1.json"),
            **changes,
        }

    return make


@pytest.fixture
def start_driver(tmp_path: Path) -> Iterator[Callable[[object], subprocess.Popen[str]]]:
    """Starts driver processes."""
    running: list[subprocess.Popen[str]] = []

    def start(content: object) -> subprocess.Popen[str]:
        path = tmp_path / f"config-{len(running)}.json"
        path.write_text(json.dumps(content))
        command = [sys.executable, "-m", "telcoai.load", str(path)]
        running.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()
