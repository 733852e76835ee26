"""``telcoai strategy new``."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from telcoai.cli.app import app
from telcoai.errors import InputError


def telcoai(*words: str) -> str:
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_what_was_written_and_what_to_run_next_are_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert telcoai("strategy", "new", "my-own").splitlines() == [
        "wrote my_own.py and test_my_own.py; next:",
        "  pytest test_my_own.py",
        "  telcoai bench scenarios/quickstart.yaml --strategy ./my_own.py:MyOwn",
    ]
    with pytest.raises(InputError, match="is there already") as caught:
        telcoai("strategy", "new", "my-own")
    assert caught.value.exit_code == 2


def test_json_names_the_files_and_the_commands(tmp_path):
    told = json.loads(telcoai("strategy", "new", "mine", "--out", str(tmp_path), "-o", "json"))
    assert told["strategy"] == f"{tmp_path}/mine.py"
    assert told["next"][1].endswith(f"--strategy {tmp_path}/mine.py:Mine")
