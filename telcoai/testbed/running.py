"""A testbed that is up: bring up, find again, take down."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from telcoai.emulation import lifecycle
from telcoai.emulation.layout import DOWN, UP, Layout
from telcoai.emulation.leftovers import leftovers
from telcoai.emulation.sandbox import Sandbox
from telcoai.errors import InputError, TestbedError
from telcoai.model.topology import LinkState, Topology
from telcoai.testbed.cluster import RunningCluster
from telcoai.testbed.links import LINKS, verify
from telcoai.testbed.network import Network
from telcoai.testbed.state import TOPOLOGY, dump_topology, make_token, parse_topology, write_private


@dataclass(frozen=True)
class Testbed:
    """A testbed that is up. ``folder`` is its state folder (0700).

    ``network``: what makes its links; with virtual hosts it is the sandbox that they are in, too.
    """

    __test__ = False

    topology: Topology
    folder: Path
    network: Network
    cluster: RunningCluster | None = None

    @property
    def sandbox(self) -> Sandbox:
        """The sandbox of virtual hosts, or the userspace network of a cluster; TypeError for other networks."""
        if not isinstance(self.network, Sandbox):
            raise TypeError(f"the network of {self.topology.name} is no sandbox")
        return self.network

    @property
    def addresses(self) -> dict[str, str]:
        """IPv4 address of each node."""
        return self.cluster.addresses if self.cluster else Layout.of(self.topology).addresses

    def set_link(self, name: str, up: LinkState, down: LinkState) -> None:
        """Set both directions of a link; LinkError when the network doesn't take them."""
        self.network.set_link(name, UP, up)
        self.network.set_link(name, DOWN, down)

    def restore_links(self) -> list[str]:
        """Links as the testbed has them, no node cut off any more; names of the nodes that were."""
        for link in self.topology.links:
            self.set_link(link.name, link.up, link.down)
        cut_off = [status.name for status in self.network.status().nodes if not status.up]
        for name in cut_off:
            self.network.node_start(name)
        return cut_off

    def verified_links(self) -> list[dict[str, Any]]:
        """What ``up`` measured of each link, beside what was asked."""
        found: list[dict[str, Any]] = json.loads((self.folder / LINKS).read_text())
        return found


def bring_up(topology: Topology, root: Path, step: Callable[[str], None] = lambda _: None) -> tuple[Testbed, bool]:
    """The testbed, and whether it was brought up just now; its links are measured and in tolerance.

    ``step`` takes lines about what goes on. InputError when another testbed of that name, but not the same, is up;
    LinkError when a link is out of tolerance (nothing of virtual hosts stays then); TestbedError when namespaces, TUN
    devices or a cluster can't be had.
    """
    running = find(topology.name, root)
    if running is not None and same_testbed(running.topology, topology) and running.network.status().failure:
        if running.cluster is None:
            take_down(topology.name, root)
        running = None
    if running is None:
        _refuse_another(topology, root / topology.name)
        return _begin(topology, root, step)
    if not same_testbed(running.topology, topology):
        raise _another(topology.name)
    return running, False


def same_testbed(one: Topology, other: Topology) -> bool:
    """Whether two testbeds are the same; images and binaries that only their making needed may differ."""
    return _lasting(one) == _lasting(other)


def _lasting(topology: Topology) -> Topology:
    if topology.cluster is None:
        return topology
    kind = replace(topology.cluster.kind, image="") if topology.cluster.kind else None
    k3s = replace(topology.cluster.k3s, source="", path=None) if topology.cluster.k3s else None
    cluster = replace(topology.cluster, kind=kind, k3s=k3s, machine_base="", runtime_base="")
    return replace(topology, cluster=cluster)


def _begin(topology: Topology, root: Path, step: Callable[[str], None]) -> tuple[Testbed, bool]:
    if topology.cluster is None:
        return _create_or_join(topology, root)
    from telcoai.testbed.provision import provision

    folder = root / topology.name
    cluster, network = provision(topology, folder, step)
    return Testbed(topology, folder, network, cluster), True


def _refuse_another(topology: Topology, folder: Path) -> None:
    """InputError when the folder holds the beginnings of another testbed's cluster."""
    if (folder / TOPOLOGY).exists() and topology.cluster is not None:
        found = parse_topology((folder / TOPOLOGY).read_text())
        if not same_testbed(found, topology):
            raise _another(topology.name)


def _another(name: str) -> InputError:
    return InputError(
        f"testbed {name} is up, with other nodes or links than its file says now",
        f"telcoai down {name}, then up again",
    )


def _create_or_join(topology: Topology, root: Path) -> tuple[Testbed, bool]:
    """A new testbed, or the one that another command brought up meanwhile."""
    try:
        return _create(topology, root / topology.name), True
    except TestbedError:
        joined = find(topology.name, root)
        if joined is None or joined.topology != topology:
            raise
        return joined, False


def _create(topology: Topology, folder: Path) -> Testbed:
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    sandbox = Sandbox.draft(Layout.of(topology), folder)
    try:
        _prepare(topology, folder)
        verify(topology, sandbox, folder)
        sandbox.commit()
    except BaseException:
        sandbox.close()
        shutil.rmtree(folder)
        raise
    return Testbed(topology, folder, sandbox)


def _prepare(topology: Topology, folder: Path) -> None:
    for name in ("n", "logs"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(mode=0o700)
    make_token(folder)
    write_private(folder / TOPOLOGY, dump_topology(topology))


def find(name: str, root: Path) -> Testbed | None:
    """The testbed of that name if it is up; None when it isn't (what a killed one left is ignored)."""
    folder = root / name
    cluster = RunningCluster.read(folder)
    if cluster is not None:
        return _find_cluster(folder, cluster)
    if lifecycle.running(folder) is None:
        return None
    return Testbed(parse_topology((folder / TOPOLOGY).read_text()), folder, Sandbox.attach(folder))


def _find_cluster(folder: Path, cluster: RunningCluster) -> Testbed | None:
    from telcoai.testbed.cluster_links import attach

    topology = parse_topology((folder / TOPOLOGY).read_text())
    network = attach(topology, cluster)
    return None if network is None else Testbed(topology, folder, network, cluster)


def find_all(root: Path) -> list[Testbed]:
    """All testbeds that are up, by name."""
    names = sorted(path.parent.name for path in root.glob(f"*/{TOPOLOGY}"))
    return [testbed for name in names if (testbed := find(name, root)) is not None]


def choose(name: str | None, root: Path) -> Testbed:
    """The testbed named, or the only one that is up. InputError when there is none, or several and no name."""
    if name is not None:
        testbed = find(name, root)
        if testbed is None:
            raise InputError(f"testbed {name} is not up", "telcoai status lists those that are; telcoai up FILE")
        return testbed
    running = find_all(root)
    if len(running) == 1:
        return running[0]
    if not running:
        raise InputError("no testbed is up", "bring one up: telcoai up testbeds/quickstart.yaml")
    names = ", ".join(one.topology.name for one in running)
    raise InputError(f"several testbeds are up: {names}", "say which: --testbed NAME")


def take_down(name: str, root: Path, step: Callable[[str], None] = lambda _: None) -> bool:
    """End the testbed of that name, alive or crashed, and forget it; whether there was anything.

    TestbedError when a process, mount, cgroup, container or socket of it stays.
    """
    folder = root / name
    topology = _known_topology(folder)
    if topology is not None and topology.cluster is not None:
        from telcoai.testbed.provision import remove

        return remove(topology, name, folder, step)
    there = folder.is_dir()
    with _uninterrupted():
        lifecycle.destroy(folder)
        if there:
            shutil.rmtree(folder)
    stayed = leftovers(name, folder)
    if stayed:
        raise TestbedError(f"testbed {name} left behind: {'; '.join(stayed)}", f"telcoai down {name} again")
    return there


def force_down(name: str, root: Path) -> bool:
    """Take down what carries a testbed's label, whatever its folder says; whether there was anything."""
    from telcoai.testbed.provision import remove

    return remove(None, name, root / name, lambda _: None) | take_down(name, root)


def _known_topology(folder: Path) -> Topology | None:
    """What a testbed's folder says that it is; None when it says nothing sensible."""
    try:
        return parse_topology((folder / TOPOLOGY).read_text())
    except (OSError, ValueError):
        return None


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Keep Ctrl-C and its like waiting until the block is done: half a removal would leave the other half."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def known_names(root: Path) -> list[str]:
    """Testbeds that have a state folder, up or crashed."""
    return sorted(path.name for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
