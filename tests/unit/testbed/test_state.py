"""A testbed's state comes back as it was written, and its secrets are private."""

from __future__ import annotations

import stat
from pathlib import Path

from telcoai.testbed.state import dump_topology, make_token, parse_topology, state_root
from tests.places import small_topology


def test_a_topology_comes_back_as_it_was():
    assert parse_topology(dump_topology(small_topology())) == small_topology()


def test_the_token_is_for_its_owner_only(tmp_path):
    token = make_token(tmp_path)
    path = tmp_path / "token"
    assert path.read_text() == token
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert make_token(tmp_path) != token


def test_the_state_folder_follows_the_environment():
    assert state_root({"TELCOAI_STATE": "/a/b"}) == Path("/a/b")
    assert state_root({"XDG_STATE_HOME": "/x"}) == Path("/x/telcoai")
    assert state_root({}) == Path.home() / ".local/state/telcoai"
