from __future__ import annotations

import json
from pathlib import Path

from tests.cluster.runtime_within_rights import capabilities, option, rewrite, within

HELD = {"CAP_CHOWN", "CAP_KILL"}
ASKED = {
    "args": ["sh"],
    "capabilities": {"bounding": ["CAP_CHOWN", "CAP_SYS_RESOURCE"], "effective": ["CAP_SYS_RESOURCE"]},
    "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1048576, "soft": 1048576}],
    "oomScoreAdj": -500,
}
GRANTED = {"args": ["sh"], "capabilities": {"bounding": ["CAP_CHOWN"], "effective": []}, "oomScoreAdj": 0}


def test_the_bounding_set_is_read_by_the_kernels_numbers() -> None:
    held = capabilities("Name:\tsh\nCapBnd:\t0000000001000021\nSeccomp:\t0\n")
    assert held == {"CAP_CHOWN", "CAP_KILL", "CAP_SYS_RESOURCE"}


def test_a_process_gets_no_more_than_is_held() -> None:
    assert within(ASKED, HELD) == GRANTED


def test_a_process_that_asks_for_little_stays_as_it_is() -> None:
    modest = {"args": ["sh"], "capabilities": {"bounding": ["CAP_KILL"]}, "oomScoreAdj": 100}
    assert within(modest, HELD) == modest


def test_options_are_read_in_both_spellings() -> None:
    assert option(["create", "--bundle", "/b", "id"], "--bundle", "-b") == "/b"
    assert option(["create", "--bundle=/b", "id"], "--bundle", "-b") == "/b"
    assert option(["create", "id"], "--bundle", "-b") is None


def test_create_changes_the_process_of_the_bundle_only(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"hostname": "node", "process": ASKED}))
    rewrite(["--log", "/l", "create", "--bundle", str(tmp_path), "id"], HELD)
    assert json.loads((tmp_path / "config.json").read_text()) == {"hostname": "node", "process": GRANTED}


def test_exec_changes_the_process_file(tmp_path: Path) -> None:
    (tmp_path / "process").write_text(json.dumps(ASKED))
    rewrite(["exec", "--process", str(tmp_path / "process"), "--detach", "id"], HELD)
    assert json.loads((tmp_path / "process").read_text()) == GRANTED


def test_other_calls_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"process": ASKED}))
    rewrite(["delete", "--bundle", str(tmp_path), "id"], HELD)
    assert json.loads((tmp_path / "config.json").read_text()) == {"process": ASKED}
