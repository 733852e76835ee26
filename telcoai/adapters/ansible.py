"""Ansible, through ansible-runner: runs telcoai's playbooks and turns what happens there into steps and errors.

What it needs on disk (inventory, variables, events) lies in a temporary folder (0700) that goes when the playbook has
ended, however it ended; no process of it stays. A person's own ansible.cfg has no say.
"""

from __future__ import annotations

import hashlib
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from telcoai.adapters.ansible_events import Events, Failure
from telcoai.errors import InputError, NodeError, TestbedError

MARK = "TELCOAI_PLAYBOOK"
"""Environment variable of all processes of a playbook that runs; its value is the temporary folder."""

_POLL_S = 0.1
_END_S = 5.0
_ENDED = object()


@dataclass(frozen=True, slots=True)
class PlaybookStats:
    """How a playbook ended: by host, how many tasks changed something, and how many ran."""

    changed: Mapping[str, int]
    ok: Mapping[str, int]
    wall_s: float

    @property
    def changes(self) -> int:
        """Changes on all hosts together."""
        return sum(self.changed.values())


@dataclass(frozen=True, slots=True)
class Play:
    """A playbook that is to be run: file name, inventory, extra variables; ``check``: look only, change nothing."""

    playbook: str
    inventory: Mapping[str, Any]
    variables: Mapping[str, Any]
    check: bool
    timeout_s: float


def playbooks_folder() -> Path:
    """Where the playbooks lie: in the checkout, or in the installed package."""
    package = Path(__file__).parents[1]
    shipped = package / "shipped" / "playbooks"
    return shipped if shipped.is_dir() else package.parent / "playbooks"


def run_playbook(
    playbook: str,
    inventory: Mapping[str, Any],
    variables: Mapping[str, Any],
    *,
    step: Callable[[str], None],
    check: bool = False,
    timeout_s: float,
) -> PlaybookStats:
    """Run ``up.yml`` or another of telcoai's playbooks; ``step`` gets a short line at each task and change.

    NodeError names each host that failed, with task, place and the module's message; TestbedError when the playbook
    took longer than ``timeout_s`` or Ansible itself failed. Secrets belong into files that variables name.
    """
    started = time.monotonic()
    events = Events(step, f"{playbooks_folder().parent}/")
    place = str(inventory.get("all", {}).get("vars", {}).get("telcoai_folder", ""))
    with _private_folder(place) as folder:
        status = _run(Play(playbook, inventory, variables, check, timeout_s), folder, events)
        said = "" if status == "successful" else _last_words(folder)
    if status == "timeout":
        raise TestbedError(
            f"playbook {playbook} was not done within {timeout_s:g} s", "is a machine very slow, or busy?"
        )
    failed = {**events.stats.get("failures", {}), **events.stats.get("dark", {})}
    failures = [failure for host, failure in events.failures.items() if host in failed or not events.stats]
    if failures:
        raise _node_error(failures)
    if status != "successful":
        raise TestbedError(f"playbook {playbook}: {said or f'Ansible ended as {status}'}")
    return PlaybookStats(events.stats.get("changed", {}), events.stats.get("ok", {}), time.monotonic() - started)


def hostvars(inventory: Path) -> dict[str, Any]:
    """An inventory of a person's own, in any form that Ansible reads: what ``ansible-inventory --list`` says.

    InputError when it can't be read.
    """
    with _private_folder() as folder:
        command = [_program("ansible-inventory"), "--inventory", str(inventory), "--list"]
        environment = {**os.environ, **settings(folder), "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    if done.returncode != 0:
        raise InputError(f"{inventory}: {done.stderr.strip()[-800:]}", "an Ansible inventory: INI or YAML")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def settings(folder: Path) -> dict[str, str]:
    """Ansible's settings, as environment variables; what it writes goes to ``folder``."""
    return {
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "cp"),
        "ANSIBLE_COLLECTIONS_PATH": str(folder / "none"),
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "ANSIBLE_PIPELINING": "True",
        "ANSIBLE_FORKS": "20",
        "ANSIBLE_NOCOWS": "1",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_RETRY_FILES_ENABLED": "False",
        "ANSIBLE_TIMEOUT": "15",
        MARK: str(folder),
    }


def end_playbooks(place: str) -> int:
    """End playbooks that go on for the testbed in the folder ``place`` though their command was killed; how many.

    Their temporary folders go too.
    """
    folders = list(Path(tempfile.gettempdir()).glob(f"{_prefix(place)}*"))
    for folder in folders:
        _end_processes(folder)
        shutil.rmtree(folder, ignore_errors=True)
    return len(folders)


def _prefix(place: str) -> str:
    """How temporary folders of playbooks begin that run for the testbed in a folder."""
    return f"telcoai-play-{hashlib.sha256(place.encode()).hexdigest()[:12]}-"


@contextmanager
def _private_folder(place: str = "") -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=_prefix(place)))
    (folder / "ansible.cfg").touch()
    try:
        yield folder
    finally:
        _end_processes(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _run(play: Play, folder: Path, events: Events) -> str:
    """Run it beside this thread, which hands the events on: so Ctrl-C comes here, and ends the playbook too."""
    heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
    cancelled = threading.Event()
    runner = threading.Thread(target=_ansible, args=(play, folder, heard.put, cancelled.is_set), daemon=True)
    runner.start()
    try:
        while (event := heard.get()) is not _ENDED:
            if isinstance(event, str):
                status = event
            elif isinstance(event, BaseException):
                raise TestbedError(f"Ansible can't be run: {event}") from event
            else:
                events.take(event)
        return status
    finally:
        cancelled.set()
        if runner.is_alive():
            _end_processes(folder)
        runner.join(_END_S)


def _ansible(play: Play, folder: Path, tell: Callable[[Any], None], cancelled: Callable[[], bool]) -> None:
    import ansible_runner  # type: ignore[import-untyped]
    from ansible_runner.exceptions import AnsibleRunnerException  # type: ignore[import-untyped]

    def hear(event: Mapping[str, Any]) -> bool:
        tell(event)
        return False  # keep no file of it

    try:
        (folder / "env").mkdir()
        _write(folder / "env" / "settings", {"pexpect_timeout": 1, "suppress_ansible_output": True})
        result = ansible_runner.run(
            private_data_dir=str(folder),
            project_dir=str(playbooks_folder()),
            playbook=play.playbook,
            inventory=_write(folder / "hosts.json", play.inventory),
            cmdline=f"--extra-vars @{_write(folder / 'variables.json', play.variables)}" + " --check" * play.check,
            envvars={**os.environ, **settings(folder), "PATH": _path()},
            event_handler=hear,
            cancel_callback=cancelled,
            timeout=max(1, round(play.timeout_s)),
            suppress_env_files=True,
            quiet=True,
        )
        tell(str(result.status))
    except (AnsibleRunnerException, OSError) as err:
        tell(err)
    finally:
        tell(_ENDED)


def _write(path: Path, value: Mapping[str, Any]) -> str:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(value, file)
    return str(path)


def _path() -> str:
    """The search path, with this Python's own programs ahead: ansible-playbook is one of them."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def _program(name: str) -> str:
    found = shutil.which(name, path=_path())
    if found is None:
        raise TestbedError(f"{name} isn't there", "pip install ansible-core")
    return found


def _last_words(folder: Path) -> str:
    """What ansible-playbook printed last: it says there why it could not even begin."""
    files = sorted(folder.glob("artifacts/*/stdout"))
    text = files[-1].read_text(errors="replace") if files else ""
    lines = [
        line.strip() for line in text.splitlines() if line.strip() and not line.startswith(("PLAY", "TASK", "ok:"))
    ]
    return "\n  ".join(lines[-6:])[-800:]


def _node_error(failures: list[Failure]) -> NodeError:
    hint = next((failure.hint for failure in failures if failure.hint), "")
    return NodeError("; ".join(str(failure) for failure in failures), hint)


def _end_processes(folder: Path) -> None:
    """End what still runs for the playbook in ``folder``: a shared ssh connection at least, workers when cut short."""
    mine = [process for process in psutil.process_iter() if _belongs(process, folder)]
    for process in mine:
        _signal(process.terminate)
    _, alive = psutil.wait_procs(mine, timeout=_END_S / 2)
    for process in alive:
        _signal(process.kill)
    psutil.wait_procs(alive, timeout=_END_S / 2)


def _belongs(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.pid != os.getpid() and process.environ().get(MARK) == str(folder)
    except (psutil.Error, OSError):
        return False  # gone, or someone else's


def _signal(send: Callable[[], None]) -> None:
    try:
        send()
    except psutil.NoSuchProcess:
        return
