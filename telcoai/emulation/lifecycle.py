"""Makes and removes sandboxes from outside.

The lock file of the state folder is held from the beginning of ``create`` by the command, and from then on by the
supervisor for as long as it lives; so a lock that can be had means that nothing of the sandbox runs.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import telcoai
from telcoai.emulation import cgroups, linux
from telcoai.emulation.client import ask
from telcoai.emulation.identity import Identity
from telcoai.emulation.layout import MAX_NODES, Layout
from telcoai.emulation.leftovers import MARK
from telcoai.emulation.problems import namespace_problem, tun_problem
from telcoai.emulation.protocol import LineReader
from telcoai.emulation.supervisor import COMMIT
from telcoai.emulation.traces import LAYOUT, LOCK, LOG, remove_traces
from telcoai.errors import TestbedError

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_GONE_TIMEOUT_S = 10.0
NETEM_HINT = "run as root, or ask for network: {backend: netem}, which takes a kernel that has it"
_BUILD_TIMEOUT_S = 60.0


@dataclass
class Handshake:
    """The pipe whose closing ends a sandbox that wasn't committed."""

    fd: int

    def commit(self) -> None:
        """Let the sandbox outlive this process."""
        if self.fd >= 0:
            os.write(self.fd, COMMIT)
        self.close()

    def close(self) -> None:
        """Close the pipe."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def make(layout: Layout, state_dir: Path) -> Handshake:
    """Make a sandbox, which ends with this process unless committed. TestbedError says what is missing."""
    _check(layout)
    state_dir.mkdir(parents=True, mode=0o700, exist_ok=True)
    lock = _take_lock(state_dir, layout.name)
    try:
        _clean(state_dir, layout.name)
        (state_dir / LAYOUT).write_text(layout.to_json())
        handshake = _launch(layout, state_dir, lock)
    except BaseException:
        os.close(lock)
        destroy(state_dir)
        raise
    os.close(lock)
    return handshake


def destroy(state_dir: Path) -> None:
    """End the sandbox of a state folder, if any, and remove what it had on the host. TestbedError if that fails."""
    if not state_dir.is_dir():
        return
    identity = Identity.read(state_dir)
    if identity and identity.alive:
        _end(identity, state_dir)
    lock = _wait_for_lock(state_dir)
    try:
        _clean(state_dir, identity.name if identity else state_dir.name)
    finally:
        os.close(lock)


def running(state_dir: Path) -> Identity | None:
    """The supervisor of a state folder, when it is alive and committed."""
    identity = Identity.read(state_dir)
    return identity if identity and identity.committed and identity.serves else None


def _check(layout: Layout) -> None:
    if layout.borrowed and not linux.may_administer():
        raise TestbedError("links under a cluster by the userspace network take root", NETEM_HINT)
    if problem := namespace_problem() or tun_problem():
        raise TestbedError("virtual hosts can't be made on this machine", problem)
    if len(layout.nodes) > MAX_NODES:
        raise TestbedError(f"a sandbox holds at most {MAX_NODES} nodes")
    for name in (layout.name, *layout.addresses):
        if not _NAME.fullmatch(name):
            raise TestbedError(f"{name!r} can't be a host name", "use letters, digits and inner hyphens, 63 at most")


def _open_lock(state_dir: Path) -> int | None:
    fd = os.open(state_dir / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


def _take_lock(state_dir: Path, name: str) -> int:
    """The lock, waited for while another command brings the testbed up or down."""

    def refuse_running() -> None:
        if running(state_dir):
            raise TestbedError(f"testbed {name} is up already", "use it, or take it down first")

    return _wait_for_lock(state_dir, refuse_running)


def _wait_for_lock(state_dir: Path, meanwhile: Callable[[], None] = lambda: None) -> int:
    deadline = time.monotonic() + _GONE_TIMEOUT_S
    while (lock := _open_lock(state_dir)) is None:
        meanwhile()
        if time.monotonic() > deadline:
            raise TestbedError(
                f"{state_dir} is locked by another command for over {_GONE_TIMEOUT_S:g} s",
                "wait for the other `up` or `down` to end",
            )
        time.sleep(0.02)
    return lock


def _clean(state_dir: Path, name: str) -> None:
    """Remove what a sandbox that has ended left."""
    try:
        remove_traces(state_dir, cgroups.group_name(name, state_dir))
    except OSError as err:
        raise TestbedError(f"a sandbox that has ended left something that can't be removed: {err}") from err


def _end(identity: Identity, state_dir: Path) -> None:
    """Ask the supervisor to end, else kill it; everything in its PID namespace ends first."""
    try:
        ask(state_dir, {"op": "shutdown"}, timeout_s=1.0)
        if _gone(identity, 1.0):
            return
    except TestbedError:
        pass  # it may hang or be dying: kill it
    if identity.alive:
        os.kill(identity.pid, signal.SIGKILL)
    if not _gone(identity, _GONE_TIMEOUT_S):
        raise TestbedError(f"the supervisor (process {identity.pid}) can't be killed")


def _gone(identity: Identity, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while identity.alive:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def _launch(layout: Layout, state_dir: Path, lock: int) -> Handshake:
    theirs, ours = os.pipe()
    report, told = os.pipe()
    handshake = Handshake(ours)
    try:
        with (state_dir / LOG).open("wb") as log:
            arguments = {
                "handshake": theirs,
                "report": told,
                "lock": lock,
                "state_dir": str(state_dir.resolve()),
                "cgroup": cgroups.group_name(layout.name, state_dir),
                "python_path": os.environ.get("PYTHONPATH"),
            }
            starter = subprocess.Popen(
                [sys.executable, "-m", "telcoai.emulation.init", json.dumps(arguments)],
                cwd="/",
                env=_environment(cgroups.group_name(layout.name, state_dir)),
                pass_fds=(theirs, told, lock),
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        for fd in (theirs, told):
            os.close(fd)
        _await_ready(report, layout.name, state_dir, _BUILD_TIMEOUT_S + 0.1 * len(layout.nodes))
        starter.wait(timeout=5)
    except BaseException:
        handshake.close()
        raise
    finally:
        os.close(report)
    return handshake


def _environment(mark: str) -> dict[str, str]:
    root = str(Path(telcoai.__file__).parent.parent)
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, MARK: mark, "PYTHONPATH": f"{root}{os.pathsep}{path}" if path else root}


def _await_ready(report: int, name: str, state_dir: Path, timeout_s: float) -> None:
    reader, deadline = LineReader(), time.monotonic() + timeout_s
    while True:
        if not select.select([report], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise TestbedError(f"the sandbox wasn't ready within {timeout_s:g} s", f"see {state_dir / LOG}")
        data = os.read(report, 65536)
        if not data:
            raise TestbedError(f"the sandbox's supervisor failed: {_log_tail(state_dir)}", f"see {state_dir / LOG}")
        for message in reader.feed(data):
            if _note(message, name, state_dir):
                return


def _note(message: dict[str, Any], name: str, state_dir: Path) -> bool:
    """Take in one report of the sandbox being made; True when it is ready."""
    if "error" in message:
        raise TestbedError(f"the sandbox can't be made: {message['error']}", message.get("hint", ""))
    if "pid" in message:
        try:
            Identity.of(message["pid"], name, committed=False).write(state_dir)
        except ProcessLookupError:
            return False  # it failed at once; the end of the pipe tells
    return "ready" in message


def _log_tail(state_dir: Path) -> str:
    lines = (state_dir / LOG).read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it wrote nothing"
