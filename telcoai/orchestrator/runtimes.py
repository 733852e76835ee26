"""What each node runtime is told: pure construction of its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from telcoai.model.memory import load_seconds, memory_of, stage_bytes
from telcoai.model.scenario import Scenario
from telcoai.model.topology import DeviceProfile, Node, Tier
from telcoai.model.workload import Variant, WorkloadInfo
from telcoai.orchestrator.batteries import radio_of
from telcoai.orchestrator.compute import (
    HostTimes,
    Modes,
    choose_modes,
    node_decode_seconds,
    node_once_seconds,
    node_stage_seconds,
    run_everything,
)

PORT = 8080
QUEUE = 256
"""Requests that may wait for a core of a node before it answers 503."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where runtimes live: ``addresses`` of the nodes, and whether compute is paced; paths are as runtimes see them.

    ``token_file``: the testbed's token. ``sockets``: folder of the control sockets. ``moved``: where a workload's
    files lie for runtimes, if not where they lie here.
    """

    addresses: Mapping[str, str]
    token_file: Path
    sockets: Path
    paced: bool = True
    moved: Mapping[Path, Path] = field(default_factory=dict)

    def control(self, node: str) -> Path:
        """The node's control socket."""
        return self.sockets / f"{node}.sock"

    def place(self, path: Path) -> str:
        """Where a workload's file lies for runtimes."""
        return str(self.moved.get(path, path))


def runtime_configs(
    scenario: Scenario, workloads: Mapping[str, WorkloadInfo], host: HostTimes, ground: Ground
) -> dict[str, dict[str, Any]]:
    """The configuration of every node's runtime. InputError when a profile can't run a workload."""
    topology = scenario.topology
    by_profile = {
        name: _workloads(scenario, workloads, name, host, ground) for name in {node.profile for node in topology.nodes}
    }
    return {node.name: _config(scenario, node, by_profile[node.profile], ground) for node in topology.nodes}


def _config(scenario: Scenario, node: Node, workloads: dict[str, Any], ground: Ground) -> dict[str, Any]:
    return {
        "node": node.name,
        "tier": str(node.tier),
        "listen": ["0.0.0.0", PORT],  # noqa: S104 - in the node's own network namespace
        "control": str(ground.control(node.name)),
        "token_file": str(ground.token_file),
        "cores": scenario.topology.profile_of(node.name).cores,
        "queue": QUEUE,
        "seed": scenario.seed,
        "peers": {name: [address, PORT] for name, address in ground.addresses.items() if name != node.name},
        "services": {service.name: service.workload for service in scenario.services},
        "frames": {service.name: service.frames for service in scenario.services},
        "workloads": workloads,
        "paced": ground.paced,
        "memory_bytes": memory_of(scenario.topology, node.name),
        "radio_tail_s": _tail_s(scenario, node),
    }


def _tail_s(scenario: Scenario, node: Node) -> float:
    """Of a device's radio; 0 without one, and on nodes that radio links end at but don't own."""
    radio = radio_of(scenario.topology, node.name) if node.tier == Tier.DEVICE else None
    return radio.tail_s.value if radio else 0.0


def _workloads(
    scenario: Scenario,
    workloads: Mapping[str, WorkloadInfo],
    profile_name: str,
    host: HostTimes,
    ground: Ground,
) -> dict[str, Any]:
    profile = scenario.topology.profiles[profile_name]
    found = {}
    for name, workload in workloads.items():
        is_jpeg = any(one.workload == name and one.frames == "jpeg" for one in scenario.services)
        choice = run_everything(scenario, workload, profile, host) if is_jpeg else None
        modes = choice or choose_modes(scenario, workload, profile, host)
        variants = []
        for variant in workload.variants:
            times = node_stage_seconds(profile, variant, workload.family) if ground.paced else None
            decode_s = node_decode_seconds(profile, variant) if ground.paced and is_jpeg else None
            once_s = list(node_once_seconds(profile, variant, workload.family)) if ground.paced else None
            extra = {"decode_s": decode_s, "once_s": once_s} | _loading(profile, variant)
            variants.append(_variant(variant, modes, times, ground) | extra)
        found[name] = {
            "classes": workload.classes,
            "replay": ground.place(workload.replay_path),
            "samples": ground.place(workload.samples_path),
            "variants": variants,
        }
    return found


def _loading(profile: DeviceProfile, variant: Variant) -> dict[str, Any]:
    """What its stages take of memory, and how long they take to load."""
    return {
        "stage_bytes": [stage_bytes(variant, stage.index) for stage in variant.stages],
        "load_s": [load_seconds(profile, variant, stage.index) for stage in variant.stages],
    }


def _variant(variant: Variant, modes: Modes, times: tuple[float, ...] | None, ground: Ground) -> dict[str, Any]:
    return {
        "name": variant.name,
        "precision": variant.precision,
        "input_size": variant.input_size,
        "tensor": asdict(variant.tensor) if variant.tensor else None,
        "stages": [
            {
                "path": ground.place(stage.path),
                "activation_shape": list(stage.activation_shape),
                "has_exit": point.exists,
            }
            for stage, point in zip(variant.stages, variant.exits, strict=True)
        ],
        "stage_s": list(times) if times else None,
        "compute": list(modes[variant.name]),
    }
