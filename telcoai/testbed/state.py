"""Where telcoai keeps what it needs to find a running testbed again."""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from telcoai.model.topology import (
    Band,
    DeviceProfile,
    Link,
    LinkState,
    Node,
    RadioProfile,
    Speed,
    Tier,
    Topology,
)


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
    return json.dumps(dataclasses.asdict(topology), indent=1)


def parse_topology(text: str) -> Topology:
    """What ``dump_topology`` wrote."""
    raw: dict[str, Any] = json.loads(text)
    return Topology(
        **{
            **raw,
            "nodes": tuple(Node(**{**one, "tier": Tier(one["tier"])}) for one in raw["nodes"]),
            "links": tuple(_link(one) for one in raw["links"]),
            "profiles": {name: _profile(one) for name, one in raw["profiles"].items()},
            "radios": {name: _bands(RadioProfile, one) for name, one in raw["radios"].items()},
        }
    )


def _link(raw: dict[str, Any]) -> Link:
    return Link(**{**raw, "up": LinkState(**raw["up"]), "down": LinkState(**raw["down"])})


def _profile(raw: dict[str, Any]) -> DeviceProfile:
    speeds = tuple(_bands(Speed, one) for one in raw["speeds"])
    times = {name: tuple(values) for name, values in raw["stage_s"].items()}
    profile: DeviceProfile = _bands(DeviceProfile, {**raw, "speeds": speeds, "stage_s": times})
    return profile


def _bands(kind: Any, raw: dict[str, Any]) -> Any:
    """``kind`` made from plain values in which bands are mappings."""
    band_keys = {field.name for field in dataclasses.fields(Band)}
    return kind(
        **{
            key: Band(**value) if isinstance(value, dict) and set(value) == band_keys else value
            for key, value in raw.items()
        }
    )
