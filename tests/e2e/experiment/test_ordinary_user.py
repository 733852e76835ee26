"""A whole experiment as a user without any privilege."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
AS_ORDINARY_USER = ROOT / "tests/e2e/emulation/ordinary_user.py"

pytestmark = [pytest.mark.sandbox, pytest.mark.e2e]


@pytest.mark.skipif(os.geteuid() != 0, reason="these tests ran as an ordinary user already")
@pytest.mark.parametrize(
    "test",
    [
        "test_an_experiment_leaves_run_folders_a_summary_and_a_report",
        "test_drivers_that_share_a_process_send_from_their_own_nodes",
    ],
)
def test_an_ordinary_user_gets_the_same_experiment(test):
    wanted = f"tests/e2e/experiment/test_bench.py::{test}"
    done = subprocess.run(
        [sys.executable, AS_ORDINARY_USER, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", wanted],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
