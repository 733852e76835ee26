from __future__ import annotations

import signal
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from telcoai.adapters import ansible
from telcoai.adapters.ansible import MARK, PlaybookStats, run_playbook
from telcoai.adapters.ansible_events import Events, Failure, message_of
from telcoai.errors import NodeError, TestbedError

HOST = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}


@pytest.fixture
def playbooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of playbooks, and one for temporary files of its own."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    folder = tmp_path / "playbooks"
    folder.mkdir()
    monkeypatch.setattr(ansible, "playbooks_folder", lambda: folder)
    return folder


def play(folder: Path, tasks: str, steps: list[str] | None = None, **options: Any) -> PlaybookStats:
    (folder / "try.yml").write_text(f"- hosts: all\n  gather_facts: false\n  tasks:\n{tasks}")
    told = [] if steps is None else steps
    try:
        return run_playbook(
            "try.yml",
            {"all": {"hosts": {"one": HOST, "two": HOST}}},
            options.pop("variables", {}),
            step=told.append,
            timeout_s=options.pop("timeout_s", 60),
            **options,
        )
    finally:
        assert list((folder.parent / "tmp").iterdir()) == [], "the private folder stayed"
        assert [p.pid for p in psutil.process_iter() if str(folder.parent) in _mark(p)] == []


def _mark(process: psutil.Process) -> str:
    try:
        return process.environ().get(MARK, "")
    except (psutil.Error, OSError):
        return ""


def test_changes_are_counted_and_told(playbooks: Path) -> None:
    steps: list[str] = []
    tasks = "    - {name: Leave a mark, command: {argv: [touch, '{{ place }}-{{ inventory_hostname }}']}}\n"
    made = play(playbooks, tasks, steps, variables={"place": str(playbooks / "mark")})
    assert (made.changes, made.changed["one"]) == (2, 1)
    assert steps[0] == "Leave a mark"
    assert "two: Leave a mark" in steps


def test_a_check_changes_nothing(playbooks: Path) -> None:
    made = play(playbooks, f"    - {{name: M, file: {{path: {playbooks}/mark, state: touch}}}}\n", check=True)
    assert made.changes > 0
    assert not (playbooks / "mark").exists()


def test_a_failure_names_host_task_line_and_what_the_command_said(playbooks: Path) -> None:
    command = "{argv: [sh, -c, 'echo the cable is out >&2; exit 4']}"
    tasks = f"    - {{name: Break it, command: {command}, when: inventory_hostname == 'two'}}\n"
    with pytest.raises(NodeError) as caught:
        play(playbooks, tasks)
    message = caught.value.message
    assert message.startswith("host two: task 'Break it' (playbooks/try.yml:4): ")
    assert message.endswith("ended with 4: the cable is out")
    assert "{" not in message


def test_what_a_rescue_says_replaces_what_it_rescued(playbooks: Path) -> None:
    failing = "    - block: [{name: A, command: {argv: ['false']}}]\n"
    tasks = failing + "      rescue: [{name: B, fail: {msg: the unit is down}}]\n"
    with pytest.raises(NodeError, match=r"task 'B'.*the unit is down") as caught:
        play(playbooks, tasks)
    assert "task 'A'" not in caught.value.message


def test_a_rescued_failure_is_none(playbooks: Path) -> None:
    tasks = "    - block: [{name: A, command: {argv: ['false']}}]\n      rescue: [{name: B, debug: {msg: fine}}]\n"
    assert play(playbooks, tasks).changes == 0


def test_secrets_of_silent_tasks_never_show(playbooks: Path) -> None:
    steps: list[str] = []
    tasks = "    - {name: Use it, command: {argv: [sh, -c, 'echo hush-hush; exit 1']}, no_log: true}\n"
    with pytest.raises(NodeError) as caught:
        play(playbooks, tasks, steps)
    assert "hush-hush" not in caught.value.message + "".join(steps)
    assert "not shown" in caught.value.message


def test_what_takes_too_long_is_ended(playbooks: Path) -> None:
    with pytest.raises(TestbedError, match="not done within 2 s"):
        play(playbooks, "    - {name: Sleep, command: {argv: [sleep, '60']}}\n", timeout_s=2)


def test_ctrl_c_ends_the_playbook_and_all_its_processes(playbooks: Path) -> None:
    main = threading.main_thread().ident
    assert main is not None
    started = playbooks / "started"

    def interrupt() -> None:
        while not started.exists():
            time.sleep(0.05)
        signal.pthread_kill(main, signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    tasks = f"    - {{name: Sleep, command: {{argv: [sh, -c, 'touch {started}; sleep 60']}}}}\n"
    with pytest.raises(KeyboardInterrupt):
        play(playbooks, tasks)


def test_a_playbook_that_cant_be_read_says_where(playbooks: Path) -> None:
    with pytest.raises(TestbedError, match=r"(?s)try\.yml"):
        play(playbooks, "    - {name: M, no_such_module: {}}\n")


def test_a_persons_own_settings_have_no_say(playbooks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (playbooks / "mine.cfg").write_text("[defaults]\nstdout_callback = no_such_callback\n")
    monkeypatch.setenv("ANSIBLE_CONFIG", str(playbooks / "mine.cfg"))
    assert play(playbooks, "    - {name: M, debug: {msg: fine}}\n").changes == 0
    assert ansible.settings(playbooks)["ANSIBLE_HOST_KEY_CHECKING"] == "True"


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("Failed to connect to the host via ssh: root@10.0.0.7: Permission denied (publickey).", "private key"),
        ("Failed to connect to the host via ssh: Host key verification failed.", "fingerprint"),
        ("ssh: connect to host 10.0.0.7 port 22: No route to host", "address"),
        ("ssh: connect to host 10.0.0.7 port 22: Connection timed out", "address"),
        ("ssh: Could not resolve hostname camera: Name or service not known", "ansible_host"),
        ("Incorrect sudo password", "ansible_become_password"),
        ("Missing sudo password", "ansible_become_password"),
        ("/bin/sh: 1: /usr/bin/python3: not found", "install python3"),
        ("write /var/lib/x: no space left on device", "room"),
        ("Bind for 127.0.0.1:6443 failed: port is already allocated", "another program"),
    ],
)
def test_a_known_cause_comes_with_what_to_try(message: str, hint: str) -> None:
    assert hint in Failure("one", "T", "", message).hint


def test_an_unknown_cause_has_no_hint() -> None:
    assert Failure("one", "T", "", "the moon is full").hint == ""


def test_a_loops_failure_is_told_once_by_its_item() -> None:
    events = Events(lambda _: None, "/x/")
    where = {"host": "one", "task": "T", "task_path": "/x/playbooks/up.yml:3"}
    events.take({"event": "runner_item_on_failed", "event_data": where | {"res": {"msg": "no such image"}}})
    events.take({"event": "runner_on_failed", "event_data": where | {"res": {"msg": "items", "results": [{}]}}})
    assert str(events.failures["one"]) == "host one: task 'T' (playbooks/up.yml:3): no such image"


def test_long_output_is_cut() -> None:
    assert len(message_of({"msg": "non-zero return code", "rc": 1, "cmd": ["x"], "stderr": "long " * 9000})) < 1600


def test_what_ssh_adds_is_not_the_reason() -> None:
    result = {
        "msg": "non-zero return code",
        "rc": 1,
        "stderr": "Shared connection to 10.0.0.7 closed.\r\n",
        "stdout": "bad",
    }
    assert message_of(result).endswith(": bad")
