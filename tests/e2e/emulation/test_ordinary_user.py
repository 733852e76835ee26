"""The same tests once more, as a user without any privilege."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]

pytestmark = pytest.mark.sandbox


@pytest.mark.skipif(os.geteuid() != 0, reason="these tests ran as an ordinary user already")
@pytest.mark.parametrize("file", ["test_sandbox.py", "test_links.py", "test_modules.py"])
def test_all_of_it_holds_for_an_ordinary_user(file: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, HERE / "ordinary_user.py", "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", HERE / file],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


FORBIDDEN = """
from telcoai.emulation.problems import TUN_FORBIDDEN, tun_problem
from telcoai.emulation.lifecycle import make
from telcoai.emulation.layout import Layout
from telcoai.errors import TestbedError
from pathlib import Path
assert tun_problem() == TUN_FORBIDDEN, tun_problem()
try:
    make(Layout("x", (), ()), Path("/tmp/telcoai-never"))
except TestbedError as err:
    assert err.hint == TUN_FORBIDDEN
    print("refused")
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="root opens any device")
def test_up_refuses_with_doctors_words_where_tun_is_forbidden(tmp_path: Path) -> None:
    (tmp_path / "tun").touch(mode=0o600)
    code = f"import telcoai.emulation.linux as l; l.TUN_PATH = '{tmp_path / 'tun'}'\n{FORBIDDEN}"
    done = subprocess.run(
        [sys.executable, HERE / "ordinary_user.py", "-c", code],
        cwd=ROOT,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "refused", done.stderr
