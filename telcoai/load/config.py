"""What a driver process is told, read from its JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telcoai.errors import InputError
from telcoai.model.scenario import Demand

RESTART_S = 0.5
"""What a driver takes to come up again, at most; what is due meanwhile is lost with its node and not late."""

_DEMAND_KEYS = frozenset({"at_s", "arrival", "rate_per_s", "trace"})


@dataclass(frozen=True, slots=True)
class Deadline:
    """From ``at_s`` seconds after the start on, answers later than ``deadline_ms`` are late; None: never late."""

    at_s: float
    deadline_ms: float | None


@dataclass(frozen=True, slots=True)
class DriverConfig:
    """One device's load of one service.

    ``start_ns``: CLOCK_MONOTONIC of the schedule's zero, the begin of the warm-up. ``samples``: how many samples the
    workload scores; ``labels``: npz with their labels. ``out``: the Arrow stream of rows; ``live``: JSON for people
    who watch. ``netns``: path of the network namespace in which its sockets are made, or "" for the process's own.
    ``from_ns``: requests due less than so long after the start are left out, as for a driver that goes on with the
    schedule of one that was lost. ``connections``: most connections at a time. ``run`` is copied into each row.
    """

    service: str
    device: str
    url: str
    model: str
    seed: int
    start_ns: int
    warmup_s: float
    duration_s: float
    demand: tuple[Demand, ...]
    deadlines: tuple[Deadline, ...]
    samples: int
    labels: Path
    timeout_s: float
    out: Path
    live: Path
    run: str = ""
    netns: str = ""
    connections: int = 512
    from_ns: int = 0


def read_configs(path: Path) -> tuple[DriverConfig, ...]:
    """The configurations in a JSON file that holds one, or a list of them; InputError when it doesn't."""
    try:
        content = json.loads(path.read_bytes())
    except OSError as err:
        raise InputError(f"{path}: {err.strerror}") from err
    except ValueError as err:
        raise InputError(f"{path}: not JSON: {err}") from err
    entries = content if isinstance(content, list) else [content]
    if not entries:
        raise InputError(f"{path}: an empty list of drivers")
    return tuple(parse_config(entry, str(path)) for entry in entries)


def parse_config(entry: Mapping[str, Any], place: str) -> DriverConfig:
    """One configuration from plain values; InputError that begins with ``place`` when it makes no sense."""
    try:
        config = _config(entry)
    except KeyError as err:
        raise InputError(f"{place}: {err.args[0]} is missing") from err
    except (TypeError, ValueError, AttributeError) as err:
        raise InputError(f"{place}: {err}") from err
    if config.samples < 1 or config.timeout_s <= 0 or config.connections < 1 or config.seed < 0:
        raise InputError(f"{place}: samples, timeout_s and connections must be above 0, and seed at least 0")
    return config


def _config(entry: Mapping[str, Any]) -> DriverConfig:
    return DriverConfig(
        service=str(entry["service"]),
        device=str(entry["device"]),
        url=str(entry["url"]),
        model=str(entry["model"]),
        seed=int(entry["seed"]),
        start_ns=int(entry["start_ns"]),
        warmup_s=float(entry["warmup_s"]),
        duration_s=float(entry["duration_s"]),
        demand=tuple(_demand(one) for one in entry["demand"]),
        deadlines=tuple(_deadline(one) for one in entry.get("deadlines", ())),
        samples=int(entry["samples"]),
        labels=Path(entry["labels"]),
        timeout_s=float(entry["timeout_s"]),
        out=Path(entry["out"]),
        live=Path(entry["live"]),
        run=str(entry.get("run", "")),
        netns=str(entry.get("netns_fd_path") or ""),
        connections=int(entry.get("connections", 512)),
        from_ns=int(entry.get("from_ns", 0)),
    )


def _demand(entry: Mapping[str, Any]) -> Demand:
    """A demand; keys that aren't its own are the arrival's parameters."""
    return Demand(
        arrival=str(entry["arrival"]),
        rate_per_s=float(entry.get("rate_per_s", 0.0)),
        at_s=float(entry.get("at_s", 0.0)),
        parameters={key: float(value) for key, value in entry.items() if key not in _DEMAND_KEYS},
        trace=str(entry.get("trace") or ""),
    )


def _deadline(entry: Mapping[str, Any]) -> Deadline:
    limit = entry["deadline_ms"]
    return Deadline(float(entry["at_s"]), None if limit is None else float(limit))
