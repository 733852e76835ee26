"""A sandbox as the rest of telcoai uses it: make, attach, run things in nodes, change links, read counters, close."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any, Self

from telcoai.emulation import lifecycle
from telcoai.emulation.client import ask, connect
from telcoai.emulation.identity import Identity
from telcoai.emulation.layout import DOWN, UP, Layout
from telcoai.emulation.lifecycle import Handshake
from telcoai.emulation.measure import DirectionMeasure, LinkMeasure, judge
from telcoai.emulation.protocol import link_state, plain_state
from telcoai.emulation.rounds import LIVE_TRIPS
from telcoai.emulation.status import DirectionCounters, NetworkCounters, NodeStatus, ProcessInfo, SandboxStatus
from telcoai.emulation.traces import LAYOUT
from telcoai.errors import LinkError, NodeError, TestbedError
from telcoai.model.topology import Link, LinkState

_TRIPS = 11
"""Round trips on each link when it is verified."""

_MODULE_START_S = 30.0
"""The first start of a module waits for it to be imported, a second of CPU."""

__all__ = ["DirectionCounters", "NetworkCounters", "NodeStatus", "ProcessInfo", "Sandbox", "SandboxStatus"]

_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGWINCH)


class Sandbox:
    """A sandbox that runs. Every method may raise TestbedError when the supervisor doesn't answer or refuses."""

    def __init__(self, layout: Layout, state_dir: Path, handshake: Handshake | None = None) -> None:
        self.layout = layout
        self.state_dir = state_dir
        self._handshake = handshake

    @classmethod
    def draft(cls, layout: Layout, state_dir: Path) -> Self:
        """Make a sandbox that ends when this process does, unless ``commit`` was called."""
        return cls(layout, state_dir, lifecycle.make(layout, state_dir))

    @classmethod
    def create(cls, layout: Layout, state_dir: Path) -> Self:
        """Make a sandbox that outlives this process."""
        sandbox = cls.draft(layout, state_dir)
        sandbox.commit()
        return sandbox

    @classmethod
    def attach(cls, state_dir: Path) -> Self:
        """The sandbox that runs with this state folder. TestbedError when there is none, or a dead one."""
        if lifecycle.running(state_dir) is None:
            if Identity.read(state_dir) is None:
                raise TestbedError("the testbed isn't up", "bring it up first")
            raise TestbedError("the testbed has crashed: its supervisor is gone", "take it down, or up again")
        try:
            ask(state_dir, {"op": "status"})  # it may be dying
        except TestbedError as err:
            raise TestbedError(f"the testbed has crashed: {err.message}", "take it down, or up again") from err
        return cls(Layout.from_json((state_dir / LAYOUT).read_text()), state_dir)

    def commit(self) -> None:
        """Let the sandbox outlive this process."""
        identity = Identity.read(self.state_dir)
        if self._handshake is None or identity is None:
            return
        replace(identity, committed=True).write(self.state_dir)
        self._handshake.commit()
        self._handshake = None

    def close(self) -> None:
        """End everything in the sandbox and remove what it had on the host (logs stay)."""
        if self._handshake is not None:
            self._handshake.close()
        lifecycle.destroy(self.state_dir)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The supervisor's process number on the host."""
        identity = Identity.read(self.state_dir)
        if identity is None:
            raise TestbedError("the testbed isn't up")
        return identity.pid

    def status(self) -> SandboxStatus:
        """How it does."""
        reply = self._ask("status")
        nodes = tuple(NodeStatus(**node) for node in reply["nodes"])
        return SandboxStatus(reply["name"], reply["failure"], reply["unbounded"], nodes)

    def processes(self) -> tuple[ProcessInfo, ...]:
        """The processes started so far."""
        return tuple(ProcessInfo(**p) for p in self._ask("list")["processes"])

    def start(
        self,
        node: str,
        argv: Sequence[str],
        *,
        name: str = "",
        env: Mapping[str, str] | None = None,
        cwd: Path = Path("/"),
        log: Path | None = None,
    ) -> int:
        """Start a process in a node, its output appended to ``log``; its id. NodeError when it can't start."""
        path = str(log.resolve()) if log else os.devnull
        try:
            reply = self._ask(
                "start",
                node=node,
                argv=list(argv),
                env=dict(env or {}),
                cwd=str(cwd),
                stdout=path,
                stderr=path,
                name=name or Path(argv[0]).name,
            )
        except TestbedError as err:
            raise NodeError(f"{node}: {err.message}", err.hint) from err
        return int(reply["id"])

    def start_module(
        self,
        node: str,
        module: str,
        args: Sequence[str] = (),
        *,
        name: str = "",
        log: Path | None = None,
        preload: Sequence[str] = (),
    ) -> int:
        """Start ``python -m MODULE ARGS`` in a node, forked from a process that has imported it; its id.

        That takes milliseconds, and processes share the memory of what is imported (a node's bound counts only what
        they add to it): ``preload`` names modules that most of them will import while they run. Importing must do
        nothing but define things. NodeError when it can't start. The interpreter's settings (hash seed, ``PYTHON…``
        variables) are the sandbox's.
        """
        path = str(log.resolve()) if log else os.devnull
        argv, label = [module, *args], name or module
        fields = {"node": node, "argv": argv, "name": label, "stdout": path, "stderr": path, "preload": list(preload)}
        try:
            reply = ask(self.state_dir, {"op": "start_module", **fields}, timeout_s=_MODULE_START_S)
        except TestbedError as err:
            raise NodeError(f"{node}: {err.message}", err.hint) from err
        return int(reply["id"])

    def signal(self, process: int, number: int) -> None:
        """Signal a process and its group; one that has ended is fine."""
        self._ask("signal", id=process, signal=number)

    def wait(self, process: int, timeout_s: float) -> int:
        """Exit code of a process, negative for a signal. TimeoutError when it runs on."""
        with connect(self.state_dir) as channel:
            channel.send({"op": "wait", "id": process})
            return int(channel.receive(timeout_s)["code"])

    def exec(
        self,
        node: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        stdio: tuple[int, int, int] = (0, 1, 2),
        cwd: Path = Path("/"),
    ) -> int:
        """Run a program in a node on this process's own streams until it ends; exit code, 128 + n for a signal.

        Signals that reach this process meanwhile are passed on (from the main thread).
        """
        with connect(self.state_dir) as channel:
            channel.send(
                {"op": "exec", "node": node, "argv": list(argv), "env": dict(env or {}), "cwd": str(cwd)}, stdio
            )
            process = int(channel.receive(10.0)["id"])
            with _forwarding(self, process):
                code = int(channel.receive(None)["code"])
        return code if code >= 0 else 128 - code

    def set_link(self, link: str, direction: str, state: LinkState) -> None:
        """Change a direction (``up``: a → b, ``down``: b → a) of the link ``a--b`` at once."""
        try:
            self._ask("set_link", link=link, direction=direction, state=plain_state(state))
        except TestbedError as err:
            raise LinkError(f"{link} {direction}: {err.message}", err.hint) from err

    def reseed(self, seed: int) -> None:
        """Draw the loss and jitter of all links anew, so that the same ``seed`` gives the same draws."""
        self._ask("reseed", seed=seed)

    def counters(self) -> NetworkCounters:
        """What the network has carried and dropped."""
        reply = self._ask("counters")
        rows = tuple(DirectionCounters(**{**row, "state": link_state(row["state"])}) for row in reply["directions"])
        return NetworkCounters(rows, reply["unroutable"], reply["undelivered"], reply["late"], reply["cpu_s"])

    def overflows(self) -> dict[str, int]:
        """Packets of each node that the kernel dropped because the network didn't take them fast enough."""
        drops: dict[str, int] = self._ask("overflows")["drops"]
        return drops

    def links(self) -> tuple[Link, ...]:
        """The links with their states of now."""
        states = {(c.link, c.direction): c.state for c in self.counters().directions}
        return tuple(replace(x, up=states[x.name, UP], down=states[x.name, DOWN]) for x in self.layout.links)

    def node_stop(self, node: str) -> None:
        """Crash a node: its link goes down, then all its processes are killed."""
        self._ask("node_stop", node=node)

    def node_cut(self, node: str) -> None:
        """Let nothing through the links at a node; its processes go on."""
        self._ask("node_cut", node=node)

    def node_start(self, node: str) -> None:
        """Bring the links of a node that was stopped or cut off up again."""
        self._ask("node_start", node=node)

    def measure(self, links: Iterable[str] | None = None, attempts: int = 5) -> tuple[LinkMeasure, ...]:
        """Measure links (all, unless named) against their present states; those out of tolerance again.

        Takes about 1 s for 5 links and 5 s for 100. Links at a stopped node are left out.
        """
        stopped = {node.name for node in self.status().nodes if not node.up}
        chosen = None if links is None else set(links)
        waiting = [x for x in self.links() if (chosen is None or x.name in chosen) and not {x.a, x.b} & stopped]
        done: dict[str, LinkMeasure] = {x.name: _unmeasured(x) for x in waiting}
        for _ in range(attempts):
            done.update(self._measure_once(waiting))
            waiting = [x for x in waiting if done[x.name].problems]
            if not waiting:
                break
        return tuple(done.values())

    def delays(self) -> tuple[LinkMeasure, ...]:
        """Delays of all links now, whatever load is on them; rates aren't measured, and nothing is judged."""
        stopped = {node.name for node in self.status().nodes if not node.up}
        return self._probe([x for x in self.links() if not {x.a, x.b} & stopped], trips=LIVE_TRIPS, rates=False)

    def delays_between(self, ends: Mapping[str, tuple[int, str]]) -> tuple[LinkMeasure, ...]:
        """Delays between other places of the nodes, like pods: a network namespace's descriptor and an address each.

        Of the links whose two nodes are named; judged against their present states.
        """
        links = {x.name: x for x in self.links() if {x.a, x.b} <= set(ends)}
        measured = self._probe(list(links.values()), trips=_TRIPS, rates=False, ends=ends)
        return tuple(replace(x, problems=judge(links[x.link], x)) for x in measured)

    def _measure_once(self, links: list[Link]) -> dict[str, LinkMeasure]:
        by_name = {x.name: x for x in links}
        measured = self._probe(links, trips=_TRIPS, rates=True)
        return {x.link: replace(x, problems=judge(by_name[x.link], x)) for x in measured}

    def _probe(
        self, links: list[Link], *, trips: int, rates: bool, ends: Mapping[str, tuple[int, str]] | None = None
    ) -> tuple[LinkMeasure, ...]:
        states = [(x.name, d, plain_state(s)) for x in links for d, s in ((UP, x.up), (DOWN, x.down))]
        request: dict[str, Any] = {"op": "measure", "states": states, "trips": trips, "rates": rates}
        fds: tuple[int, ...] = ()
        if ends is not None:
            request["ends"] = {node: address for node, (_, address) in ends.items()}
            fds = tuple(fd for fd, _ in ends.values())
        reply = ask(self.state_dir, request, timeout_s=60.0 + len(links), fds=fds)
        return tuple(
            LinkMeasure(raw["link"], raw["rtt_ms"], DirectionMeasure(**raw["up"]), DirectionMeasure(**raw["down"]))
            for raw in reply["links"]
        )

    def _ask(self, op: str, **fields: Any) -> dict[str, Any]:
        return ask(self.state_dir, {"op": op, **fields})


def _unmeasured(link: Link) -> LinkMeasure:
    nothing = DirectionMeasure(None, None)
    return LinkMeasure(link.name, None, nothing, nothing, (f"{link.name}: not measured",))


@contextmanager
def _forwarding(sandbox: Sandbox, process: int) -> Iterator[None]:
    """Pass signals on to a process as long as the block runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def forward(number: int, _: FrameType | None) -> None:
        sandbox.signal(process, number)

    before = {number: signal.signal(number, forward) for number in _FORWARDED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
