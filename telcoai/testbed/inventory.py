"""The Ansible inventory of a testbed: all that telcoai's playbooks need to know, so that they run by hand too."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

import telcoai
from telcoai.adapters.ansible import hostvars
from telcoai.errors import InputError
from telcoai.model.cluster import CONTROL_PLANE, Cluster
from telcoai.model.topology import Tier, Topology
from telcoai.testbed import ssh

CONTROL = "control"
"""Tier of a control plane's node of its own."""

CONTROL_MEMORY_BYTES = 2 * 1024**3
"""Memory of that node's machine: what a k3s or kubeadm control plane of 20 nodes takes, twice."""

CONTROL_TAINT = "node-role.kubernetes.io/control-plane=true:NoSchedule"
LOCAL = {
    "ansible_connection": "local",
    "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    "ansible_become": False,
}
"""How Ansible works on this machine: as the person who calls it, with the Python that it runs on itself."""

MACHINE_BASE = "docker.io/library/debian:bookworm-slim"
"""What machines are built on unless a testbed or TELCOAI_MACHINE_BASE says otherwise."""

_SECRETS = (
    "ansible_become_pass",
    "ansible_become_password",
    "ansible_password",
    "ansible_ssh_pass",
    "ansible_sudo_pass",
)

Inventory = dict[str, Any]


def inventory(topology: Topology, folder: Path, environment: Mapping[str, str] | None = None) -> Inventory:
    """The inventory of a testbed on kind or k3s whose state is in ``folder``; reads files that it names.

    ``environment``: TELCOAI_K3S, TELCOAI_K3S_EXTRA, TELCOAI_KIND_IMAGE, TELCOAI_MACHINE_BASE and TELCOAI_ENGINE count.
    InputError when the testbed has no playbooks, or its own inventory lacks machines.
    """
    cluster = cluster_of(topology)
    machines = hostvars(cluster.inventory) if cluster.inventory else {}
    environment = environment or {}
    made = compose(topology, folder, environment, machines)
    if extra := environment.get("TELCOAI_K3S_EXTRA"):
        made["all"]["vars"]["telcoai_k3s_extra"] = yaml.safe_load(Path(extra).read_text())
    return made


def compose(topology: Topology, folder: Path, environment: Mapping[str, str], machines: Mapping[str, Any]) -> Inventory:
    """The inventory, from values alone. ``machines``: what ``ansible-inventory --list`` says of a person's own."""
    cluster = cluster_of(topology)
    hosts = {name: _host(topology, folder, name) for name in node_names(topology)}
    if topology.hosts == "ssh":
        own = _machines(topology, machines)
        hosts = {name: own[name] | variables for name, variables in hosts.items()}
    control = cluster.control_plane.node
    groups: Inventory = {str(tier): {"hosts": {node.name: {} for node in topology.tier(tier)}} for tier in Tier}
    return {
        "all": {
            "hosts": {"localhost": dict(LOCAL)},
            "vars": _variables(topology, folder, environment),
            "children": {
                "nodes": {"hosts": hosts},
                "control_plane": {"hosts": {control: {}}},
                "agents": {"hosts": {name: {} for name in hosts if name != control}},
                **groups,
            },
        }
    }


def machine(topology: Topology, folder: Path, node: str) -> dict[str, Any]:
    """The variables of one node's machine, as Ansible reaches it."""
    found: dict[str, Any] = inventory(topology, folder)["all"]["children"]["nodes"]["hosts"][node]
    return found


def host_variables(listed: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Variables of a host in what ``ansible-inventory --list`` says; InputError when it isn't there."""
    hosts = sorted(set(_members(listed, "all")))
    if name not in hosts:
        raise InputError(f"the inventory has no host {name!r}", f"it has {', '.join(hosts[:20]) or 'none'}")
    return {"ansible_host": name} | dict(listed.get("_meta", {}).get("hostvars", {}).get(name, {}))


def without_secrets(made: Inventory) -> Inventory:
    """The inventory without passwords, to be shown; Ansible asks for them when it is told to."""

    def cleaned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: cleaned(one) for key, one in value.items() if key not in _SECRETS}
        return [cleaned(one) for one in value] if isinstance(value, list) else value

    shown: Inventory = cleaned(json.loads(json.dumps(made)))
    return shown


def cluster_of(topology: Topology) -> Cluster:
    """The cluster of a testbed that playbooks make; InputError for the others."""
    if topology.cluster is None or topology.platform not in ("kind", "k3s"):
        raise InputError(
            f"testbed {topology.name} (platform {topology.platform}) needs no playbook, so it has no inventory",
            "testbeds of platform kind or k3s have one",
        )
    return topology.cluster


def node_names(topology: Topology) -> list[str]:
    """All nodes of the cluster, a control plane of its own first."""
    own = [] if cluster_of(topology).control_plane.on else [CONTROL_PLANE]
    return [*own, *(node.name for node in topology.nodes)]


def container_of(topology: Topology, name: str) -> str:
    """The container of a node: ``telcoai-TESTBED-NODE``; kind numbers its workers instead. "" for SSH machines."""
    if topology.hosts == "ssh":
        return ""
    if topology.platform != "kind":
        return f"telcoai-{topology.name}-{name}"
    control = cluster_of(topology).control_plane.node
    if name == control:
        return f"telcoai-{topology.name}-control-plane"
    number = 1 + [other for other in node_names(topology) if other != control].index(name)
    return f"telcoai-{topology.name}-worker{number if number > 1 else ''}"


def _host(topology: Topology, folder: Path, name: str) -> dict[str, Any]:
    own = name not in {node.name for node in topology.nodes}
    tier = CONTROL if own else str(topology.node(name).tier)
    variables: dict[str, Any] = {
        "telcoai_node": name,
        "telcoai_tier": tier,
        "telcoai_labels": {
            "telcoai.dev/node": name,
            "telcoai.dev/tier": tier,
            "telcoai.dev/testbed": topology.name,
            "topology.kubernetes.io/zone": tier,
        },
        "telcoai_taints": [CONTROL_TAINT] if own else [],
    }
    container = container_of(topology, name)
    if container:
        memory = CONTROL_MEMORY_BYTES if own else topology.profile_of(name).memory_bytes
        variables |= {"telcoai_container": container, "telcoai_memory_bytes": memory}
        variables |= _connection(topology, folder, container)
    return variables


def _connection(topology: Topology, folder: Path, container: str) -> dict[str, Any]:
    if topology.platform == "kind":
        return dict(LOCAL)
    return {
        "ansible_host": "127.0.0.1",
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(ssh.key(folder)),
        "ansible_ssh_common_args": shlex.join(ssh.arguments(folder, container)),
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_become": False,
    }


def _variables(topology: Topology, folder: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    cluster = cluster_of(topology)
    engine = Path(environment.get("TELCOAI_ENGINE") or "docker").name
    return {
        "telcoai_testbed": topology.name,
        "telcoai_hosts": topology.hosts,
        "telcoai_platform": topology.platform,
        "telcoai_folder": str(folder),
        "telcoai_engine": engine,
        "telcoai_images": str(Path(telcoai.__file__).parent / "images"),
        "telcoai_pod_subnet": cluster.pod_subnet,
        "telcoai_service_subnet": cluster.service_subnet,
        "telcoai_api_port": cluster.api_port,
        **(_kind_variables(cluster, environment) if cluster.kind else {}),
        **(_k3s_variables(cluster, environment) if cluster.k3s else {}),
    }


def _kind_variables(cluster: Cluster, environment: Mapping[str, str]) -> dict[str, Any]:
    assert cluster.kind is not None
    return {
        "telcoai_kind_image": environment.get("TELCOAI_KIND_IMAGE") or cluster.kind.image,
        "telcoai_kind_patches": list(cluster.kind.patches),
    }


def _k3s_variables(cluster: Cluster, environment: Mapping[str, str]) -> dict[str, Any]:
    assert cluster.k3s is not None
    k3s = cluster.k3s
    path = str(k3s.path or "") or environment.get("TELCOAI_K3S", "")
    return {
        "telcoai_machine_base": cluster.machine_base or environment.get("TELCOAI_MACHINE_BASE") or MACHINE_BASE,
        "telcoai_k3s_version": k3s.version,
        "telcoai_k3s_source": "file" if path else k3s.source,
        "telcoai_k3s_path": path,
        "telcoai_k3s_airgap_images": [str(archive) for archive in k3s.airgap_images],
        "telcoai_k3s_cni": k3s.cni,
        "telcoai_k3s_enabled": list(k3s.enabled),
        "telcoai_k3s_extra": {},
        "telcoai_start": True,
    }


def _machines(topology: Topology, listed: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Variables of each node's machine; the control plane's is the only host of the group ``control_plane``."""
    known, problems = dict(listed.get("_meta", {}).get("hostvars", {})), []
    chosen = {node.name: node.name for node in topology.nodes}
    for node in topology.nodes:
        if node.name not in set(_members(listed, str(node.tier))):
            problems.append(f"no host {node.name} in group {node.tier}")
    if not cluster_of(topology).control_plane.on:
        control = sorted(set(_members(listed, "control_plane")))
        if len(control) != 1:
            problems.append(f"group control_plane has {len(control)} hosts, and the control plane takes one machine")
        chosen[CONTROL_PLANE] = control[0] if control else ""
    if problems:
        raise InputError(
            f"inventory of testbed {topology.name}: {'; '.join(problems)}",
            "a host for each node, named as the node, in the group of its tier: device, edge, cloud",
        )
    return {name: {"ansible_host": host} | dict(known.get(host, {})) for name, host in chosen.items()}


def _members(listed: Mapping[str, Any], group: str) -> Iterator[str]:
    found = listed.get(group, {})
    yield from found.get("hosts", ())
    children: Iterable[str] = found.get("children", ())
    for child in children:
        yield from _members(listed, child)
