from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from telcoai.emulation.client import connect
from telcoai.emulation.identity import Identity, start_ticks
from telcoai.emulation.leftovers import leftovers
from telcoai.emulation.sandbox import Sandbox
from telcoai.errors import NodeError, TestbedError

from .conftest import SandboxMaker
from .layouts import chain

pytestmark = pytest.mark.sandbox

ORDINARY_USER = os.geteuid() != 0


def output_of(box: Sandbox, node: str, script: str, folder: Path) -> str:
    """What a shell script prints in a node."""
    path = folder / "output"
    with path.open("wb") as out:
        assert box.exec(node, ["sh", "-c", script], stdio=(0, out.fileno(), out.fileno())) == 0
    return path.read_text()


def network_pid(box: Sandbox) -> int:
    """Host process number of a sandbox's network process."""
    for line in leftovers(box.layout.name):
        pid = int(line.split()[1]) if line.startswith("process") else 0
        if pid and Path(f"/proc/{pid}/comm").read_text().strip() == "telcoai-network":
            return pid
    raise AssertionError("no network process")


def test_names_resolve_in_every_node(sandbox: SandboxMaker, tool: Callable[[str], str]) -> None:
    ping, box = tool("ping"), sandbox(chain())
    for target in ("edge", "cloud", "camera-2", "camera-1", "localhost"):
        assert box.exec("camera-1", [ping, "-c", "1", "-W", "5", "-q", target], stdio=(0, 2, 2)) == 0


def test_a_node_has_its_own_name_and_interfaces(sandbox: SandboxMaker, tmp_path: Path) -> None:
    box = sandbox(chain())
    assert output_of(box, "edge", "uname -n", tmp_path).strip() == "edge"
    text = output_of(box, "edge", "cat /proc/net/dev", tmp_path)
    assert {line.split(":")[0].strip() for line in text.splitlines()[2:]} >= {"lo", "telcoai0"}
    assert "eth0" not in text


def test_tcp_sends_the_same_way_whatever_the_host_prefers(sandbox: SandboxMaker, tmp_path: Path) -> None:
    box = sandbox(chain())
    assert output_of(box, "edge", "cat /proc/sys/net/ipv4/tcp_congestion_control", tmp_path).strip() == "reno"


def test_exec_gives_exit_codes_as_a_shell_does(sandbox: SandboxMaker) -> None:
    box = sandbox(chain())
    assert box.exec("edge", ["sh", "-c", "exit 7"]) == 7
    assert box.exec("edge", ["sh", "-c", "kill -9 $$"]) == 128 + signal.SIGKILL


def test_exec_gives_a_program_the_callers_terminal(sandbox: SandboxMaker) -> None:
    box = sandbox(chain())
    ours, theirs = pty.openpty()
    try:
        assert box.exec("edge", ["sh", "-c", "test -t 0 && test -t 1"], stdio=(theirs, theirs, theirs)) == 0
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_program_that_does_not_exist_is_an_error(sandbox: SandboxMaker) -> None:
    box = sandbox(chain())
    with pytest.raises(NodeError, match="no-such-program"):
        box.start("edge", ["no-such-program"])
    with pytest.raises(TestbedError, match="no node 'mars'"):
        box.exec("mars", ["true"])


def test_a_process_is_started_listed_signalled_and_collected(sandbox: SandboxMaker, tmp_path: Path) -> None:
    box = sandbox(chain())
    script = "trap 'echo asked; exit 5' TERM; echo $GREETING; while :; do sleep 0.05; done"
    log = tmp_path / "log"
    process = box.start("edge", ["sh", "-c", script], name="greeter", env={"GREETING": "good day"}, log=log)
    until(lambda: "good day" in log.read_text())
    assert [(p.node, p.name, p.code) for p in box.processes()] == [("edge", "greeter", None)]
    with pytest.raises(TimeoutError):
        box.wait(process, 0.05)
    box.signal(process, signal.SIGTERM)
    assert box.wait(process, 10) == 5
    assert "asked" in log.read_text()
    assert box.wait(process, 10) == 5


def test_orphans_are_reaped(sandbox: SandboxMaker, tmp_path: Path) -> None:
    box = sandbox(chain())
    output_of(box, "edge", "for i in 1 2 3; do (sleep 0.1 &) ; done", tmp_path)
    time.sleep(0.5)
    assert " Z " not in output_of(box, "edge", "cat /proc/[0-9]*/stat", tmp_path)


def test_several_testbeds_run_side_by_side(sandbox: SandboxMaker, tmp_path: Path) -> None:
    boxes = [sandbox(chain()) for _ in range(3)]
    for number, box in enumerate(boxes):
        assert str(number) in output_of(box, "edge", f"echo {number}", tmp_path)
    boxes[0].close()
    assert output_of(boxes[1], "cloud", "cat /etc/hosts", tmp_path).count("camera-1") == 1


def test_up_twice_is_refused_and_attach_works(state_dir: Path) -> None:
    box = Sandbox.create(chain(), state_dir)
    with pytest.raises(TestbedError, match="is up already"):
        Sandbox.create(box.layout, state_dir)
    again = Sandbox.attach(state_dir)
    assert again.layout == box.layout
    assert [node.up for node in again.status().nodes] == [True] * 4
    again.close()
    again.close()
    assert leftovers(box.layout.name, state_dir) == []
    with pytest.raises(TestbedError, match="isn't up"):
        Sandbox.attach(state_dir)


def test_a_state_folder_may_have_a_long_path(state_dir: Path) -> None:
    deep = state_dir / ("d" * 100) / ("e" * 100)
    with Sandbox.create(chain(), deep) as box:
        assert box.status().failure == ""
        assert (deep / "supervisor.sock").stat().st_mode & 0o777 == 0o600


def test_a_killed_supervisor_takes_everything_along_and_up_works_again(state_dir: Path) -> None:
    box = Sandbox.create(chain(), state_dir)
    box.start("edge", ["sleep", "1000"])
    os.kill(box.pid, signal.SIGKILL)
    until(lambda: not [x for x in leftovers(box.layout.name) if x.startswith("process")])
    with pytest.raises(TestbedError, match="crashed"):
        Sandbox.attach(state_dir)
    with pytest.raises(TestbedError):
        box.status()
    with Sandbox.create(box.layout, state_dir) as again:
        assert again.status().failure == ""
    assert leftovers(box.layout.name, state_dir) == []


def test_close_removes_what_a_killed_supervisor_left(state_dir: Path) -> None:
    box = Sandbox.create(chain(memory_bytes=1 << 28), state_dir)
    os.kill(box.pid, signal.SIGKILL)
    box.close()
    assert leftovers(box.layout.name, state_dir) == []


def test_a_reused_process_number_is_not_taken_for_the_supervisor(state_dir: Path) -> None:
    state_dir.mkdir()
    ticks = start_ticks(os.getpid())
    assert ticks
    mine = Identity.of(os.getpid(), "x", committed=True)
    Identity(mine.pid, mine.start_ticks - 1, mine.boot, "x", committed=True).write(state_dir)
    with pytest.raises(TestbedError, match="crashed"):
        Sandbox.attach(state_dir)


def test_a_killed_network_is_reported(sandbox: SandboxMaker) -> None:
    box = sandbox(chain())
    os.kill(network_pid(box), signal.SIGKILL)
    until(lambda: box.status().failure != "")
    with pytest.raises(TestbedError, match="network process ended"):
        box.counters()


GARBAGE = {
    "bytes": b"\n\0\xff\n",
    "list": b"[]\n",
    "nesting": b"{" * 100_000 + b"\n",
    "nothing to start": b'{"op":"start"}\n',
    "operation": b'{"op":["x"]}\n',
    "nul": b'{"op":"start","node":"edge","argv":["a\\u0000b"]}\n',
    "surrogate": b'{"op":"start","node":"edge","argv":["\\ud800"]}\n',
    "number": b'{"op":"signal","id":1e999}\n',
    "NaN": b'{"op":"set_link","link":"edge--cloud","direction":"up","state":{"delay_ms":NaN}}\n',
    "no state": b'{"op":"set_link","link":"edge--cloud","direction":"up"}\n',
    "nothing to measure": b'{"op":"measure"}\n',
    "no descriptors": b'{"op":"exec","node":"edge","argv":["true"]}\n',
    "endless line": b"x" * 5_000_000,
}


def test_garbage_on_the_socket_harms_nobody(sandbox: SandboxMaker) -> None:
    box = sandbox(chain())
    for garbage in GARBAGE.values():
        with connect(box.state_dir) as channel:
            with suppress(BrokenPipeError, ConnectionResetError):
                channel._sock.sendall(garbage)
            with pytest.raises((TestbedError, ConnectionResetError)):
                channel.receive(10)
    assert box.status().failure == ""


def test_a_descriptor_flood_is_closed(sandbox: SandboxMaker) -> None:
    box = sandbox(chain())
    for _ in range(50):
        with connect(box.state_dir) as channel:
            socket.send_fds(channel._sock, [b'{"op":"status"}\n'], [0] * 16)
            channel.receive(10)
    assert box.status().failure == ""


def test_a_stopped_node_is_silent_until_it_is_started(sandbox: SandboxMaker, tool: Callable[[str], str]) -> None:
    ping, box = tool("ping"), sandbox(chain())
    process = box.start("edge", ["sh", "-c", "setsid sleep 1000 & sleep 1000"])
    box.node_stop("edge")
    assert box.wait(process, 10) == -signal.SIGKILL
    assert {node.name: node.up for node in box.status().nodes}["edge"] is False
    for target in ("edge", "cloud"):  # what went through it is cut off too
        assert box.exec("camera-1", [ping, "-c", "1", "-W", "1", "-q", target], stdio=(0, 2, 2)) == 1
    with pytest.raises(NodeError, match="stopped"):
        box.start("edge", ["true"])
    box.node_start("edge")
    for target in ("edge", "cloud"):
        assert box.exec("camera-1", [ping, "-c", "1", "-W", "5", "-q", target], stdio=(0, 2, 2)) == 0


@pytest.mark.skipif(ORDINARY_USER, reason="memory is bounded by cgroups, which takes root")
def test_memory_is_bounded_as_root(sandbox: SandboxMaker) -> None:
    box = sandbox(chain(memory_bytes=64 << 20))
    if reason := box.status().unbounded:
        pytest.skip(reason)
    eat = [sys.executable, "-c", "b = bytearray(256 << 20); print(len(b))"]
    process = box.start("edge", eat)
    assert box.wait(process, 30) == -signal.SIGKILL
    assert box.status().failure == ""


@pytest.mark.skipif(not ORDINARY_USER, reason="root has cgroups")
def test_an_ordinary_user_is_told_that_memory_is_not_bounded(sandbox: SandboxMaker) -> None:
    assert sandbox(chain()).status().unbounded == "not running as root"


def test_the_hosts_own_network_is_not_touched(sandbox: SandboxMaker) -> None:
    before = Path("/proc/net/dev").read_text().count(":")
    sandbox(chain())
    assert Path("/proc/net/dev").read_text().count(":") == before


CREATE = """
import json, sys
from pathlib import Path
from telcoai.emulation.layout import Layout
from telcoai.emulation.sandbox import Sandbox
print("begin", flush=True)
Sandbox.create(Layout.from_json(sys.argv[1]), Path(sys.argv[2]))
print("end", flush=True)
"""


@pytest.mark.parametrize("delay_ms", [0, 15, 40, 70, 90, 110, 130, 150, 200, 300])
def test_up_killed_at_any_instant_leaves_nothing(state_dir: Path, delay_ms: int) -> None:
    layout = chain(memory_bytes=1 << 28)
    with subprocess.Popen(
        [sys.executable, "-c", CREATE, layout.to_json(), str(state_dir)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    ) as command:
        assert command.stdout
        assert command.stdout.readline() == b"begin\n"
        time.sleep(delay_ms / 1000)
        command.kill()
    identity = Identity.read(state_dir)
    if not (identity and identity.committed):
        until(lambda: leftovers(layout.name, state_dir) == [])
    with (
        Sandbox.draft(layout, state_dir)
        if not (identity and identity.committed and identity.alive)
        else (Sandbox.attach(state_dir)) as box
    ):
        assert box.status().failure == ""
    assert leftovers(layout.name, state_dir) == []


def test_a_draft_ends_with_its_maker(state_dir: Path) -> None:
    layout = chain()
    script = CREATE.replace("Sandbox.create", "box = Sandbox.draft")
    subprocess.run(
        [sys.executable, "-c", script, layout.to_json(), str(state_dir)],
        check=True,
        capture_output=True,
        cwd=Path(__file__).parents[3],
    )
    until(lambda: leftovers(layout.name, state_dir) == [])


def until(condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
