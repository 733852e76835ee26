"""Where telcoai keeps what it needs to find a running testbed again."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter

from telcoai.model.topology import Topology

TOPOLOGY = "topology.json"


def state_root(environment: Mapping[str, str]) -> Path:
    """``$TELCOAI_STATE``, else ``$XDG_STATE_HOME/telcoai``, else ``~/.local/state/telcoai``."""
    if given := environment.get("TELCOAI_STATE"):
        return Path(given).absolute()
    if base := environment.get("XDG_STATE_HOME"):
        return Path(base).absolute() / "telcoai"
    return Path.home() / ".local" / "state" / "telcoai"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    part.replace(path)


def make_token(folder: Path) -> str:
    """A new secret for the testbed's node runtimes, kept in ``token`` (0600)."""
    token = secrets.token_urlsafe(32)
    write_private(folder / "token", token)
    return token


def dump_topology(topology: Topology) -> str:
    """A topology as JSON."""
    return TypeAdapter(Topology).dump_json(topology, indent=1).decode()


def parse_topology(text: str) -> Topology:
    """What ``dump_topology`` wrote."""
    return TypeAdapter(Topology).validate_json(text)
