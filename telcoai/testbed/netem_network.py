"""Links under a cluster by tc in its nodes, for kernels that have netem; and clusters whose links nobody makes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from telcoai.adapters.shell import Shell
from telcoai.emulation.layout import DOWN, UP, Layout
from telcoai.emulation.measure import DirectionMeasure, LinkMeasure, judge
from telcoai.emulation.netem import calls, paths, undo
from telcoai.emulation.status import DirectionCounters, NetworkCounters, NodeStatus, SandboxStatus
from telcoai.errors import LinkError, NodeError
from telcoai.model.topology import Link, LinkState

STATES = "netem.json"
AT_ONCE = 16
_PINGS, _LIVE_PINGS = 11, 3
_DOWN = LinkState(0.0, rate_bps=1e9, loss=1.0)
"""What every link at a node that is down does."""


class NetemNetwork:
    """The network of a cluster by tc. Keeps the links' states in ``folder``, so that other commands find them."""

    def __init__(self, layout: Layout, folder: Path, shells: Mapping[str, Shell]) -> None:
        self.layout = layout
        self.state_dir = folder
        self._shells = shells
        self._devices = {name: _device(shells[name], layout, name) for name in layout.addresses}

    @classmethod
    def make(cls, layout: Layout, folder: Path, shells: Mapping[str, Shell]) -> NetemNetwork:
        """Set all links. LinkError when a node's kernel has no netem."""
        made = cls(layout, folder, shells)
        folder.mkdir(mode=0o700, exist_ok=True)
        made._write({x.name: (x.up, x.down) for x in layout.links}, set())
        made._apply(layout.addresses)
        return made

    def close(self) -> None:
        """Take all of it away from the nodes that can still be reached."""
        for name, shell in self._shells.items():
            try:
                shell.run(" ".join(undo(self._devices[name])))
            except NodeError:
                continue  # the node is gone, and its links with it
            finally:
                shell.close()
        (self.state_dir / STATES).unlink(missing_ok=True)

    def status(self) -> SandboxStatus:
        """How it does."""
        down = self._read()[1]
        nodes = tuple(NodeStatus(n.name, n.address, n.name not in down, 0) for n in self.layout.nodes)
        return SandboxStatus(self.layout.name, "", "", nodes)

    def links(self) -> tuple[Link, ...]:
        """The links with their states of now."""
        states, _ = self._read()
        return tuple(replace(x, up=states[x.name][0], down=states[x.name][1]) for x in self.layout.links)

    def set_link(self, link: str, direction: str, state: LinkState) -> None:
        """Change a direction of a link at once, in every node whose packets cross it."""
        states, down = self._read()
        up_state, down_state = states[link]
        states[link] = (state, down_state) if direction == UP else (up_state, state)
        if states[link] == (up_state, down_state):
            return
        self._write(states, down)
        self._apply({one.source for one in paths(self.layout, self.layout.links) if (link, direction) in one.crossed})

    def reseed(self, seed: int) -> None:
        """netem draws from the kernel's own source: loss and jitter of runs with one seed differ."""

    def node_cut(self, node: str) -> None:
        """Let nothing through the links at a node."""
        self._set_down(node, is_down=True)

    def node_start(self, node: str) -> None:
        """Let packets through again."""
        self._set_down(node, is_down=False)

    def _set_down(self, node: str, *, is_down: bool) -> None:
        states, down = self._read()
        self._write(states, down | {node} if is_down else down - {node})
        self._apply(self.layout.addresses)

    def measure(self) -> tuple[LinkMeasure, ...]:
        """Round trips over every link, by ping between its nodes; judged against the states. Rates aren't measured."""
        by_name = {x.name: x for x in self.links()}
        return tuple(replace(x, problems=judge(by_name[x.link], x)) for x in self._ping(_PINGS))

    def delays(self) -> tuple[LinkMeasure, ...]:
        """Delays of all links now; the two ways share the round trip as they were asked to."""
        return self._ping(_LIVE_PINGS)

    def counters(self) -> NetworkCounters:
        """What tc counted of each path, added up for the links that it crosses."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            counted = dict(zip(self._shells, pool.map(self._classes, self._shells), strict=True))
        links = self.links()
        sums = {(x.name, d): [0, 0, 0] for x in links for d in (UP, DOWN)}
        for path in paths(self.layout, self.layout.links):
            found = counted.get(path.source, {}).get(f"1:{path.number}", (0, 0, 0))
            for crossed in path.crossed:
                sums[crossed] = [a + b for a, b in zip(sums[crossed], found, strict=True)]
        state = {(x.name, d): s for x in links for d, s in ((UP, x.up), (DOWN, x.down))}
        rows = tuple(
            DirectionCounters(name, d, packets, size, 0, drops, 0, 0, state[name, d])
            for (name, d), (packets, size, drops) in sums.items()
        )
        return NetworkCounters(rows, 0, 0, 0, 0.0)

    def _classes(self, node: str) -> dict[str, tuple[int, int, int]]:
        """Packets, bytes and drops of each class of a node."""
        try:
            text = self._shells[node].run(f"tc -s class show dev {self._devices[node]}")
        except NodeError:
            return {}
        return parse_classes(text)

    def _ping(self, count: int) -> tuple[LinkMeasure, ...]:
        down = self._read()[1]
        links = [x for x in self.links() if not {x.a, x.b} & down]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            trips = list(pool.map(lambda x: self._trip_ms(x, count), links))
        return tuple(_measured(link, trip) for link, trip in zip(links, trips, strict=True))

    def _trip_ms(self, link: Link, count: int) -> float | None:
        asked_s = (link.up.delay_ms + link.down.delay_ms) / 1e3
        command = f"ping -n -q -c {count} -i 0.2 -W {asked_s + 1:.1f} {self.layout.addresses[link.b]} || true"
        return parse_ping(self._shells[link.a].run(command, timeout_s=count * (asked_s + 1.5) + 5))

    def _apply(self, nodes: Iterable[str]) -> None:
        states, down = self._read()
        links = [
            replace(x, up=_DOWN, down=_DOWN)
            if {x.a, x.b} & down
            else replace(x, up=states[x.name][0], down=states[x.name][1])
            for x in self.layout.links
        ]
        wanted = calls(self.layout, links, self._devices)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda node: self._set(node, wanted[node]), nodes))

    def _set(self, node: str, wanted: list[list[str]]) -> None:
        lines = "\n".join(" ".join(call[1:]) for call in wanted)
        try:
            self._shells[node].run(f"tc -batch - <<'END'\n{lines}\nEND")
        except NodeError as err:
            hint = "ask for network: {backend: userspace}" if "unknown" in err.message else ""
            raise LinkError(f"links can't be set by tc: {err.message}", hint) from err

    def _read(self) -> tuple[dict[str, tuple[LinkState, LinkState]], set[str]]:
        raw = json.loads((self.state_dir / STATES).read_text())
        states = {name: (LinkState(**up), LinkState(**down)) for name, (up, down) in raw["links"].items()}
        return states, set(raw["down"])

    def _write(self, states: Mapping[str, tuple[LinkState, LinkState]], down: set[str]) -> None:
        raw: dict[str, Any] = {"links": {k: [asdict(a), asdict(b)] for k, (a, b) in states.items()}}
        part = self.state_dir / f"{STATES}.part"
        part.write_text(json.dumps({**raw, "down": sorted(down)}))
        part.replace(self.state_dir / STATES)


def parse_ping(text: str) -> float | None:
    """Median-like round trip of a summary of ping, ms: its average; None when nothing came back."""
    found = re.search(r"= [\d.]+/([\d.]+)/", text)
    return float(found.group(1)) if found else None


def parse_classes(text: str) -> dict[str, tuple[int, int, int]]:
    """Packets, bytes and drops by class, of what ``tc -s class show`` prints."""
    found = {}
    for block in re.split(r"\n(?=class )", text):
        name = re.match(r"\s*class htb (\S+)", block)
        sent = re.search(r"Sent (\d+) bytes (\d+) pkt \(dropped (\d+)", block)
        if name and sent:
            found[name.group(1)] = (int(sent.group(2)), int(sent.group(1)), int(sent.group(3)))
    return found


def _measured(link: Link, trip_ms: float | None) -> LinkMeasure:
    if trip_ms is None:
        nothing = DirectionMeasure(None, None)
        return LinkMeasure(link.name, None, nothing, nothing)
    asked_ms = link.up.delay_ms + link.down.delay_ms
    share = link.up.delay_ms / asked_ms if asked_ms else 0.5
    up, down = DirectionMeasure(trip_ms * share, None), DirectionMeasure(trip_ms * (1 - share), None)
    return LinkMeasure(link.name, trip_ms, up, down)


def _device(shell: Shell, layout: Layout, node: str) -> str:
    """The interface over which a node reaches the others."""
    other = next(address for name, address in layout.addresses.items() if name != node)
    found = re.search(r"\bdev (\S+)", shell.run(f"ip -4 route get {other}"))
    if found is None:
        raise NodeError(f"{node}: no route to {other}")
    return found.group(1)


class NoNetwork:
    """A cluster whose links nobody makes: they are as they are, and what the testbed says of them describes them."""

    def __init__(self, layout: Layout, folder: Path) -> None:
        self.layout = layout
        self.state_dir = folder

    def close(self) -> None:
        """Nothing to take away."""

    def status(self) -> SandboxStatus:
        """How it does."""
        nodes = tuple(NodeStatus(node.name, node.address, True, 0) for node in self.layout.nodes)
        return SandboxStatus(self.layout.name, "", "", nodes)

    def links(self) -> tuple[Link, ...]:
        """The links as described."""
        return self.layout.links

    def set_link(self, link: str, direction: str, state: LinkState) -> None:
        """LinkError, unless nothing changes."""
        found = next(x for x in self.layout.links if x.name == link)
        if (found.up if direction == UP else found.down) != state:
            raise LinkError(f"{link}: the links of this cluster can't be changed", "leave link events out")

    def reseed(self, seed: int) -> None:
        """Nothing is drawn."""

    def node_cut(self, node: str) -> None:
        """NodeError: nothing may be cut off on a cluster of the user's."""
        raise NodeError(f"{node} is a node of your own cluster and isn't cut off", "leave node events out")

    def node_start(self, node: str) -> None:
        """Nothing was stopped."""

    def measure(self) -> tuple[LinkMeasure, ...]:
        """Nothing can be measured from outside."""
        return ()

    def delays(self) -> tuple[LinkMeasure, ...]:
        """Nothing can be measured from outside."""
        return ()

    def counters(self) -> NetworkCounters:
        """Nothing is counted."""
        return NetworkCounters((), 0, 0, 0, 0.0)
