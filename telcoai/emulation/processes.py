"""Starts processes in nodes, from the supervisor."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from telcoai.emulation import protocol
from telcoai.emulation.namespaces import NodeNamespaces

_KILL_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class Command:
    """What to run: argument vector, environment on top of the sandbox's, folder, and where its streams go.

    ``stdio`` holds three descriptors or is empty; then input is /dev/null and output is appended to the two paths.
    """

    argv: list[str]
    env: dict[str, str] = field(default_factory=dict)
    cwd: str = "/"
    stdout: str = os.devnull
    stderr: str = os.devnull
    stdio: tuple[int, ...] = ()


@dataclass(slots=True)
class Process:
    """A process of a node. ``code`` is its exit code, negative for a signal, None while it runs."""

    id: int
    node: str
    name: str
    pid: int
    code: int | None = None


def asked_command(request: dict[str, Any], node: str, stdio: tuple[int, ...] = ()) -> Command:
    """What a client's request asks to run in a node. ProtocolError when it makes no sense."""
    return Command(
        protocol.texts(request, "argv"),
        {"TELCOAI_NODE": node, **protocol.environment(request)},
        protocol.text(request, "cwd", "/"),
        protocol.text(request, "stdout", os.devnull),
        protocol.text(request, "stderr", os.devnull),
        stdio,
    )


def spawn(command: Command, node: NodeNamespaces, cgroup: int | None) -> int:
    """Start ``command`` in a node as leader of a session of its own; its pid. OSError when it can't start."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        _become(command, node, cgroup, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        problem = pipe.read()
    if problem:
        raise OSError(problem.decode(errors="replace"))
    return pid


def _become(command: Command, node: NodeNamespaces, cgroup: int | None, writer: int) -> NoReturn:
    """In the child: never return, never raise."""
    try:
        settle(command, node, cgroup)
        _reset_signals()
        os.execvpe(command.argv[0], command.argv, {**os.environ, **command.env})
    except (OSError, ValueError) as err:
        os.write(writer, f"{command.argv[0]}: {err}".encode(errors="replace"))
    finally:
        os._exit(127)


def settle(command: Command, node: NodeNamespaces, cgroup: int | None) -> None:
    """Make the calling process the leader of a session in the node, with the command's streams and folder."""
    os.setsid()
    if cgroup is not None:
        os.write(cgroup, b"0")
    node.enter()
    _redirect(command)
    os.chdir(command.cwd)


def _redirect(command: Command) -> None:
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    streams = command.stdio or (
        os.open(os.devnull, os.O_RDONLY),
        os.open(command.stdout, append, 0o600),
        os.open(command.stderr, append, 0o600),
    )
    for number, fd in enumerate(streams):
        os.dup2(fd, number, inheritable=True)
    if not command.stdio:
        for fd in streams:
            os.close(fd)


def _reset_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGPIPE, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def kill_node(node: NodeNamespaces) -> None:
    """Kill every process in the node's network namespace, those that left their session included."""
    inode = os.fstat(node.net).st_ino
    deadline = time.monotonic() + _KILL_TIMEOUT_S
    while True:
        found = [pid for pid in _pids() if _net_inode(pid) == inode]
        if not found:
            return
        for pid in found:
            kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise OSError(f"processes {found} of the node can't be killed")
        time.sleep(0.002)


def kill(pid: int, number: int) -> None:
    """Signal a process; one that is gone is fine."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _pids() -> list[int]:
    return [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and p.name != "1"]


def _net_inode(pid: int) -> int:
    try:
        return Path(f"/proc/{pid}/ns/net").stat().st_ino
    except OSError:
        return 0  # gone, or a zombie
