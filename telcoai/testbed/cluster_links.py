"""The links under a cluster: which backend makes them, made anew or found again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from telcoai.adapters.shell import Shell
from telcoai.emulation import lifecycle, linux
from telcoai.emulation.sandbox import Sandbox
from telcoai.errors import LinkError, TestbedError
from telcoai.model.topology import Topology
from telcoai.testbed.cluster import NETWORK, Member, RunningCluster, network_layout
from telcoai.testbed.inventory import machine
from telcoai.testbed.links import verify
from telcoai.testbed.netem_network import STATES, NetemNetwork, NoNetwork
from telcoai.testbed.network import NETEM, NONE, USERSPACE, Network
from telcoai.testbed.ssh import command


def choose_backend(topology: Topology, members: tuple[Member, ...]) -> str:
    """What makes the links. LinkError when what the testbed asks for can't.

    ``auto`` takes the userspace network where it can: there links are shared by paths as on virtual hosts, seeded
    and verified up to their rates. It reaches nodes that are containers of this machine, as root; others get netem.
    """
    asked = topology.cluster.backend if topology.cluster else "auto"
    if topology.platform == "kubeconfig":
        return NONE
    elsewhere = [one.node for one in members if not one.pid]
    if asked == USERSPACE and elsewhere:
        raise LinkError(
            f"the userspace network reaches nodes on this machine only, and {', '.join(elsewhere[:5])} isn't here",
            "ask for network: {backend: netem}",
        )
    if asked == "auto":
        return NETEM if elsewhere or not linux.may_administer() else USERSPACE
    return asked


def connect(topology: Topology, cluster: RunningCluster) -> Network:
    """Make the links between the nodes of a cluster; they are measured and in tolerance. LinkError when not."""
    network = _make(topology, cluster)
    try:
        verify(topology, network, cluster.folder)
        if isinstance(network, Sandbox):
            network.commit()
    except BaseException:
        network.close()
        raise
    return network


def _make(topology: Topology, cluster: RunningCluster) -> Network:
    folder, layout = cluster.folder / NETWORK, network_layout(topology, cluster.members)
    folder.mkdir(mode=0o700, exist_ok=True)
    if cluster.backend == USERSPACE:
        return Sandbox.draft(layout, folder)
    if cluster.backend == NETEM:
        return NetemNetwork.make(layout, folder, shells(topology, cluster))
    return NoNetwork(layout, folder)


def attach(topology: Topology, cluster: RunningCluster) -> Network | None:
    """The network of a cluster that is up; None when it isn't."""
    folder, layout = cluster.folder / NETWORK, network_layout(topology, cluster.members)
    if cluster.backend == USERSPACE:
        return Sandbox.attach(folder) if lifecycle.running(folder) else None
    if cluster.backend == NETEM:
        return NetemNetwork(layout, folder, shells(topology, cluster)) if (folder / STATES).exists() else None
    return NoNetwork(layout, folder)


def shells(topology: Topology, cluster: RunningCluster) -> Mapping[str, Shell]:
    """A shell in each node: through the engine, or over SSH."""
    if topology.hosts == "docker":
        program = cluster.engine.program
        return {one.node: Shell(one.node, [program, "exec", "-i", one.container]) for one in cluster.members}
    folder = cluster.folder
    return {
        one.node: Shell(one.node, _remote(machine(topology, folder, one.node), one.node)) for one in cluster.members
    }


def _remote(host: Mapping[str, object], node: str) -> list[str]:
    return command({"inventory_hostname": node, **host}, ["sudo", "-n"] if host.get("ansible_user") != "root" else [])


def disconnect(topology: Topology | None, cluster: RunningCluster | None, folder: Path) -> None:
    """End the network of a cluster, whatever state it is in."""
    lifecycle.destroy(folder / NETWORK)
    if topology is None or cluster is None or cluster.backend != NETEM or topology.hosts != "ssh":
        return  # the containers' own rules go with them
    try:
        found = attach(topology, cluster)
    except TestbedError:
        return  # a machine that can't be reached; Ansible says so
    if found is not None:
        found.close()
