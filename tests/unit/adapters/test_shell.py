"""A shell that stays open, against a real one."""

from __future__ import annotations

import pytest

from telcoai.adapters.shell import Shell
from telcoai.errors import NodeError


@pytest.fixture
def shell():
    made = Shell("here", ["env"])
    yield made
    made.close()


def test_commands_share_the_shell_and_keep_their_output(shell):
    first, second = shell.run("echo $PPID; printf 'a\\nb'"), shell.run("echo $PPID")
    assert first.splitlines()[0] == second.strip()
    assert first.splitlines()[1:3] == ["a", "b"]


def test_a_failure_is_told_with_its_words(shell):
    with pytest.raises(NodeError, match="here: out of luck"):
        shell.run("echo out of luck >&2; exit 3")
    assert shell.run("echo still here").strip() == "still here"


def test_input_within_a_command_is_its_own(shell):
    assert shell.run("cat <<'END'\nx y\nEND").strip() == "x y"


def test_no_answer_in_time_ends_it_and_the_next_command_has_a_new_one(shell):
    with pytest.raises(NodeError, match="in time"):
        shell.run("sleep 5", timeout_s=0.1)
    assert shell.run("echo again").strip() == "again"


def test_no_shell_at_all_is_told():
    with pytest.raises(NodeError, match="nowhere"):
        Shell("nowhere", ["false"]).run("true")
