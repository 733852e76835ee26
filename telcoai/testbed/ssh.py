"""SSH to the machines of a testbed: where its key and known hosts lie, and the command that reaches a node.

Roles make key and known hosts at ``up``: the machines' host keys are read through the container engine, so that the
first connection is checked as every other. Machines of a person's own keep that person's keys and known hosts.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def key(folder: Path) -> Path:
    """The private key (ed25519, 0600) of the testbed whose state is in ``folder``."""
    return folder / "ssh" / "id_ed25519"


def known_hosts(folder: Path) -> Path:
    """Host keys of the machines made for that testbed, each under its container's name."""
    return folder / "ssh" / "known_hosts"


def arguments(folder: Path, container: str) -> list[str]:
    """Options of ssh for a machine made for the testbed: only that key, only that machine's host key."""
    return [
        "-o",
        f"UserKnownHostsFile={known_hosts(folder)}",
        "-o",
        f"HostKeyAlias={container}",
        "-o",
        "GlobalKnownHostsFile=/dev/null",
        "-o",
        "StrictHostKeyChecking=yes",
        "-o",
        "IdentitiesOnly=yes",
    ]


def command(host: Mapping[str, Any], argv: Sequence[str]) -> list[str]:
    """``ssh`` with the options that Ansible uses for a host of the inventory, to run ``argv`` there.

    Made machines have their port in ``ansible_port`` only once they are up (``docker port CONTAINER 22``).
    """
    options = ["-o", "BatchMode=yes"]
    if private := host.get("ansible_ssh_private_key_file") or host.get("ansible_private_key_file"):
        options += ["-i", str(private)]
    if port := host.get("ansible_port") or host.get("ansible_ssh_port"):
        options += ["-p", str(port)]
    for name in ("ansible_ssh_common_args", "ansible_ssh_extra_args"):
        options += shlex.split(str(host.get(name, "")))
    user = host.get("ansible_user") or host.get("ansible_ssh_user")
    address = str(host.get("ansible_host", host["inventory_hostname"]))
    return ["ssh", *options, f"{user}@{address}" if user else address, "--", shlex.join(argv)]
