"""A testbed and an experiment's folder serve one command at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from telcoai.errors import InputError
from telcoai.experiment.claims import claimed_folder, claimed_testbed


def test_a_testbed_in_use_is_refused_until_it_is_free(tmp_path: Path):
    with (
        claimed_testbed("small", tmp_path),
        pytest.raises(InputError, match="testbed small is in use by another command"),
        claimed_testbed("small", tmp_path),
    ):
        pass
    with claimed_testbed("small", tmp_path), claimed_testbed("other", tmp_path):
        pass


def test_a_folder_in_use_is_refused_until_it_is_free(tmp_path: Path):
    with (
        claimed_folder(tmp_path),
        pytest.raises(InputError, match="in use by another command"),
        claimed_folder(tmp_path),
    ):
        pass
    with claimed_folder(tmp_path):
        pass


def test_children_do_not_inherit_a_claim(tmp_path: Path):
    with claimed_testbed("small", tmp_path):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    with claimed_testbed("small", tmp_path):
        child.communicate(b"\n")
