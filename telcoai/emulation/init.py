"""Entry of the processes that make a sandbox: ``python -m telcoai.emulation.init`` with one JSON argument.

It unshares namespaces and forks. The parent tells the child's process number and ends at once; the child is init of
the PID namespace and becomes the supervisor. Both watch the handshake pipe: when it closes before the commit, which it
does when the command that makes the sandbox dies, whatever instant that is, they end, and all they made with them.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from telcoai.emulation import linux
from telcoai.emulation.cgroups import NodeGroups
from telcoai.emulation.layout import Layout
from telcoai.emulation.namespaces import make_nodes, prepare_mounts
from telcoai.emulation.network import Network
from telcoai.emulation.problems import hint_for
from telcoai.emulation.protocol import encode
from telcoai.emulation.supervisor import Supervisor
from telcoai.emulation.traces import LAYOUT, SOCKET, remove_traces
from telcoai.emulation.ulimits import raise_open_files


def main() -> None:
    """Make namespaces, then become the supervisor in them."""
    arguments = json.loads(sys.argv[1])
    handshake, report = arguments["handshake"], arguments["report"]
    for fd in (handshake, report, arguments["lock"]):
        os.set_inheritable(fd, False)
    _restore_python_path(arguments["python_path"])
    try:
        borrowed = _borrowed(Path(arguments["state_dir"]))
        rootless = _unshare()
        pid = os.fork()
        if pid:
            os.write(report, encode({"pid": pid}))
            os._exit(0)
    except OSError as err:
        os.write(report, encode({"error": str(err), "hint": hint_for(err)}))
        sys.exit(f"telcoai: the sandbox can't be made: {err}")
    try:
        pipes = _Pipes(handshake, report)
        _supervise(Path(arguments["state_dir"]), arguments["cgroup"], pipes, borrowed, rootless=rootless)
    finally:
        _end_all()
        remove_traces(Path(arguments["state_dir"]), arguments["cgroup"])


@dataclass(frozen=True, slots=True)
class _Pipes:
    """Descriptors of the pipe that the command holds, and of the one that tells it how things go."""

    handshake: int
    report: int


def _borrowed(state_dir: Path) -> dict[str, int]:
    """Descriptors of the network namespaces that are there already, opened while the host's /proc is in sight."""
    layout = Layout.from_json((state_dir / LAYOUT).read_text())
    flags = os.O_RDONLY | os.O_CLOEXEC
    return {node.name: os.open(node.netns, flags) for node in layout.nodes if node.netns}


def _supervise(state_dir: Path, cgroup: str, pipes: _Pipes, borrowed: dict[str, int], *, rootless: bool) -> None:
    try:
        supervisor = _build(state_dir, cgroup, pipes.handshake, borrowed, rootless=rootless)
    except OSError as err:
        os.write(pipes.report, encode({"error": str(err), "hint": hint_for(err)}))
        sys.exit(f"telcoai: the sandbox can't be made: {err}")
    os.write(pipes.report, encode({"ready": True}))
    os.close(pipes.report)
    supervisor.run()


def _end_all() -> None:
    """Kill and reap every other process of the sandbox, so that its cgroups are empty."""
    if os.getpid() != 1:
        raise RuntimeError("not the init of a PID namespace")  # elsewhere -1 would mean every process of the host
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:
            os.wait()


def _restore_python_path(value: str | None) -> None:
    if value is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = value


def _unshare() -> bool:
    """Enter new namespaces; True when that took a user namespace."""
    flags = linux.CLONE_NEWNS | linux.CLONE_NEWPID | linux.CLONE_NEWNET | linux.CLONE_NEWUTS | linux.CLONE_NEWIPC
    if linux.may_administer():
        linux.unshare(flags)
        return False
    uid, gid = os.geteuid(), os.getegid()
    linux.unshare(flags | linux.CLONE_NEWUSER)
    linux.map_to_root(uid, gid)
    return True


def _build(state_dir: Path, cgroup: str, handshake: int, borrowed: dict[str, int], *, rootless: bool) -> Supervisor:
    linux.name_process("telcoai-init")
    raise_open_files()
    layout = Layout.from_json((state_dir / LAYOUT).read_text())
    prepare_mounts(layout, state_dir)
    linux.set_interface("lo", up=True)
    nodes = make_nodes(layout, borrowed, lambda: _end_unless_wanted(handshake))
    limits = {n.name: n.memory_bytes for n in layout.nodes if not n.netns}
    groups = NodeGroups(cgroup, limits, rootless=rootless)
    network = Network(layout, {name: node.tun for name, node in nodes.items()})
    return Supervisor(layout, nodes, groups, network, _listen(state_dir), handshake)


def _end_unless_wanted(handshake: int) -> None:
    """End when the handshake pipe was closed: nobody wants this sandbox any more."""
    ready = select.poll()
    ready.register(handshake, select.POLLIN)
    if any(event & select.POLLHUP for _, event in ready.poll(0)):
        sys.exit("telcoai: the command that made this sandbox ended before it was ready")


def _listen(state_dir: Path) -> socket.socket:
    """The supervisor's socket, mode 0600, whatever the length of the folder's path."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    folder = os.open(state_dir, os.O_PATH)
    try:
        (state_dir / SOCKET).unlink(missing_ok=True)
        before = os.umask(0o177)
        listener.bind(f"/proc/self/fd/{folder}/{SOCKET}")
        os.umask(before)
    finally:
        os.close(folder)
    listener.listen(128)
    return listener


if __name__ == "__main__":
    main()
