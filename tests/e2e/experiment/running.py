"""A bench that goes on in the background, so that a test can disturb it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from telcoai.errors import TestbedError
from telcoai.testbed.running import Testbed, find


@contextmanager
def bench_in_background(folder: Path, scenario: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """``telcoai bench`` in a process group of its own, as a shell would start it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "telcoai.cli", "bench", str(scenario), "--out", "out", *words],
        cwd=folder,
        env={**os.environ, "TELCOAI_STATE": str(folder / "state")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(what: str, ready: Callable[[], Any], timeout_s: float = 60.0) -> Any:
    """The first true answer of ``ready``."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            if found := ready():
                return found
        except (OSError, ValueError, TestbedError):
            pass  # not yet there
        time.sleep(0.05)
    raise AssertionError(f"waited {timeout_s:g} s for {what}")


def wait_for_load(folder: Path, name: str = "small") -> Testbed:
    """The testbed, once its drivers have sent some requests."""

    def sent() -> bool:
        live = [json.loads(path.read_text())["sent"] for path in (folder / "out").glob("*/load/*.live.json")]
        return bool(live) and min(live) > 5

    wait_for("load", sent)
    testbed = find(name, folder / "state")
    assert testbed is not None
    return testbed


def host_pids(folder: Path, word: str) -> list[int]:
    """Processes on the host whose command line holds ``word`` and this test's folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if word in line and str(folder) in line:
            found.append(int(entry.name))
    return found


def kill_if_there(pid: int) -> None:
    """kill -9; a process that went with one killed before it is fine."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def checks_failed(folder: Path) -> set[str]:
    """Names of the checks that a run failed."""
    facts = json.loads((folder / "run.json").read_text())
    return {check["name"] for check in facts["checks"] if not check["ok"]}
