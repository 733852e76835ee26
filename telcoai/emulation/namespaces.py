"""Makes the namespaces of a sandbox from inside, as its init: private mounts, and network and UTS per node.

Nothing is pinned: every namespace lives as long as the descriptors held here, so it ends with the supervisor.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from telcoai.emulation import linux, policy
from telcoai.emulation.layout import NETMASK, Layout, NodeLayout, hosts_file
from telcoai.emulation.protocol import ProtocolError
from telcoai.emulation.traces import BOUND_FILES

_DROPPED_FIELD = 11
"""Of /proc/net/dev: packets dropped while sending."""


@dataclass(frozen=True, slots=True)
class NodeNamespaces:
    """Descriptors of one node's namespaces and of its TUN device.

    ``borrowed``: the node is a cluster's; nothing but the TUN device in it is the sandbox's.
    """

    net: int
    uts: int
    tun: int
    borrowed: bool = False

    def enter(self) -> None:
        """Move the calling process into the node."""
        linux.setns(self.net)
        linux.setns(self.uts)


def prepare_mounts(layout: Layout, state_dir: Path) -> None:
    """Private mount tree with the sandbox's own /proc, /etc/hosts with all nodes, and no name server."""
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("proc", "/proc", "proc", linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC)
    contents = hosts_file(layout), "# nodes have no name server, see /etc/hosts\n"
    for name, content in zip(BOUND_FILES, contents, strict=True):
        source = state_dir / name
        source.write_text(content)
        if Path("/etc", name).exists():
            linux.mount(str(source), f"/etc/{name}", flags=linux.MS_BIND)


def make_nodes(layout: Layout, borrowed: dict[str, int], between: Callable[[], None]) -> dict[str, NodeNamespaces]:
    """The namespaces of every node, interface up; ``borrowed`` holds descriptors of those that are there already.

    ``between`` is called before each one.
    """
    nodes = {}
    with _returning():
        for node in layout.nodes:
            between()
            is_there = node.name in borrowed
            nodes[node.name] = _join(node, layout, borrowed[node.name]) if is_there else _make_node(node, layout.mtu)
    return nodes


def _join(node: NodeLayout, layout: Layout, net: int) -> NodeNamespaces:
    """A TUN device in a node that is there already, for what goes to the other nodes and their pods."""
    linux.setns(net)
    tun = linux.open_tun(stays=False)
    linux.raise_interface(layout.mtu)
    others = [network for other in layout.nodes if other.name != node.name for network in other.networks]
    policy.divert(others, node.address)
    return NodeNamespaces(net, os.open("/proc/self/ns/uts", os.O_RDONLY | os.O_CLOEXEC), tun, borrowed=True)


def _make_node(node: NodeLayout, mtu: int) -> NodeNamespaces:
    linux.unshare(linux.CLONE_NEWNET | linux.CLONE_NEWUTS)
    linux.sethostname(node.name)
    _set_sysctls()
    linux.set_interface("lo", up=True)
    tun = linux.open_tun()
    linux.configure_interface(node.address, NETMASK, mtu)
    net, uts = _open_own()
    return NodeNamespaces(net, uts, tun)


def _set_sysctls() -> None:
    """Quiet IPv6 (links carry IPv4 only), let everyone in the node use ping sockets, and fix how TCP sends.

    Nodes would inherit the host's congestion control, and figures would depend on it (BBR and Reno differ by a fifth
    for a small upload over a long link); Reno is what every kernel has. A connection learns nothing from those
    before it, so that a run doesn't depend on earlier runs.
    """
    for key, value in (
        ("net/ipv6/conf/all/disable_ipv6", "1"),
        ("net/ipv6/conf/default/disable_ipv6", "1"),
        ("net/ipv4/ping_group_range", "0 0"),
        ("net/ipv4/tcp_congestion_control", "reno"),
        ("net/ipv4/tcp_no_metrics_save", "1"),
    ):
        path = Path("/proc/sys", key)
        if path.exists():
            path.write_text(value)


def set_link_of(node: NodeNamespaces, *, up: bool) -> None:
    """Bring the node's interface up or down; a borrowed one stays, since its routes would go with it."""
    if node.borrowed:
        return
    with _returning():
        node.enter()
        linux.set_interface(linux.INTERFACE, up=up)


def overflows(nodes: dict[str, NodeNamespaces]) -> dict[str, int]:
    """Packets that each node's interface dropped since its queue was full."""
    drops = {}
    with _returning():
        for name, node in nodes.items():
            linux.setns(node.net)
            lines = Path("/proc/net/dev").read_text().splitlines()
            fields = next(line for line in lines if line.strip().startswith(linux.INTERFACE)).split(":")[1].split()
            drops[name] = int(fields[_DROPPED_FIELD])
    return drops


def _open_own() -> tuple[int, int]:
    flags = os.O_RDONLY | os.O_CLOEXEC
    return os.open("/proc/self/ns/net", flags), os.open("/proc/self/ns/uts", flags)


@contextmanager
def _returning() -> Iterator[None]:
    """Come back to the present network and UTS namespaces at the end."""
    home = _open_own()
    try:
        yield
    finally:
        for fd in home:
            linux.setns(fd)
            os.close(fd)


def other_ends(
    layout: Layout, nodes: dict[str, NodeNamespaces], ends: object, fds: list[int]
) -> tuple[Layout, dict[str, NodeNamespaces]]:
    """The layout and the nodes with the addresses ``ends`` (by node) in the network namespaces ``fds``, in that order.

    ProtocolError when they don't fit.
    """
    if not isinstance(ends, dict) or len(ends) != len(fds) or set(ends) - set(nodes):
        raise ProtocolError("ends must be an object of nodes' addresses, with a namespace each")
    changed = {
        name: (str(address), replace(nodes[name], net=fd))
        for (name, address), fd in zip(ends.items(), fds, strict=True)
    }
    there = tuple(
        replace(node, address=changed[node.name][0]) if node.name in changed else node for node in layout.nodes
    )
    return replace(layout, nodes=there), {**nodes, **{name: one for name, (_, one) in changed.items()}}
