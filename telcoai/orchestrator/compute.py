"""Which stages a node really runs and which it replays (``compute: auto | run | replay``)."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterable, Mapping
from typing import Any

from telcoai.errors import InputError
from telcoai.model.scenario import Demand, DemandChange, Scenario, Service
from telcoai.model.timing import decode_seconds, once_seconds, stage_seconds
from telcoai.model.topology import DeviceProfile
from telcoai.model.workload import Variant, WorkloadInfo
from telcoai.workload.chain import open_session

HEADROOM = 2.0
"""A stage runs for real only if its paced time is this many times what it takes this host when idle: the host also
drives the load, the network and the other nodes."""

HANDOVER_S = 0.001
"""What handing a stage to its thread and back may add, however small the stage is: 0.3 ms in the median and 0.9 ms at
the 95th percentile on two cores that five processes wanted at a time."""

HOST_SHARE, HOST_SHARE_UNDER_CLUSTER = 0.3, 0.15
"""Above this share of the host's cores for the heaviest variant at the scenario's demand, every stage is replayed.

Under a cluster it is less: its own programs take cores of the same host (a fifth of two cores with seven idle nodes),
and more while requests come.
"""

JPEG = "frames that travel as JPEG"

TRIALS = 3

HostTimes = Mapping[str, Mapping[str, tuple[float, ...]]]
"""Seconds of each stage on one core of this host, by workload and variant."""

Modes = Mapping[str, tuple[str, ...]]
"""``run`` or ``replay`` of each stage, by variant."""


def node_stage_seconds(profile: DeviceProfile, variant: Variant, family: str) -> tuple[float, ...]:
    """Paced time of each stage on a node of ``profile``; InputError when the profile has no fitting speed."""
    try:
        return tuple(stage_seconds(profile, variant, stage.index, family) for stage in variant.stages)
    except KeyError as err:
        raise InputError(
            f"device profile {profile.name} can't run variant {variant.name}: {err.args[0]}",
            "add a speed for that precision to the profile, or measure the workload with telcoai profile",
        ) from err


def node_once_seconds(profile: DeviceProfile, variant: Variant, family: str) -> tuple[float, ...]:
    """The part of each stage's paced time that a batch takes once, of a variant that the profile can run."""
    return tuple(once_seconds(profile, variant, stage.index, family) for stage in variant.stages)


def choose_modes(scenario: Scenario, workload: WorkloadInfo, profile: DeviceProfile, host: HostTimes) -> Modes:
    """Modes of all of a workload's variants on a node of ``profile``."""
    if not scenario.topology.is_paced:
        return {variant.name: ("run",) * len(variant.stages) for variant in workload.variants}
    if scenario.compute != "auto":
        return {variant.name: (scenario.compute,) * len(variant.stages) for variant in workload.variants}
    busy, own = is_host_too_small(scenario, host, os.cpu_count() or 1), host[workload.name]
    return {
        variant.name: tuple(
            "replay" if busy or paced_s < HEADROOM * host_s + HANDOVER_S else "run"
            for paced_s, host_s in zip(
                node_stage_seconds(profile, variant, workload.family), own[variant.name], strict=True
            )
        )
        for variant in workload.variants
    }


def run_everything(scenario: Scenario, workload: WorkloadInfo, profile: DeviceProfile, host: HostTimes) -> Modes:
    """Modes of a workload whose frames travel as JPEG: what a stage says of such a frame is in no replay file.

    InputError when that can't be, or when this host is too small or too slow for it and nobody asked to run all the
    same.
    """
    if scenario.compute == "replay":
        raise InputError(f"{JPEG} can't be replayed: the stored outputs are of raw ones", "set compute: run")
    if scenario.compute == "auto":
        hint = "set frames: raw; or compute: run, and each run's check of overruns says whether it counts"
        if is_host_too_small(scenario, host, os.cpu_count() or 1):
            raise InputError(f"{JPEG} are computed for real, and this host is too small for the demand", hint)
        if not any(
            _keeps_pace(profile, variant, workload.family, host[workload.name][variant.name])
            for variant in workload.variants
        ):
            what = f"this host is too slow to compute any variant of {workload.name} at the pace of {profile.name}"
            raise InputError(f"{JPEG} are computed for real, and {what}", hint)
    return {variant.name: ("run",) * len(variant.stages) for variant in workload.variants}


def _keeps_pace(profile: DeviceProfile, variant: Variant, family: str, own: tuple[float, ...]) -> bool:
    paced = node_stage_seconds(profile, variant, family)
    return all(HEADROOM * own_s <= paced_s for own_s, paced_s in zip(own, paced, strict=True))


def node_decode_seconds(profile: DeviceProfile, variant: Variant) -> float:
    """Paced time to decode a JPEG frame on a node of ``profile``; InputError when the profile has no figure."""
    try:
        return decode_seconds(profile, variant)
    except KeyError as err:
        raise InputError(
            f"device profile {profile.name} has no jpeg_decode, which services with frames: jpeg need",
            "add the figure to the profile, or set frames: raw",
        ) from err


def is_host_too_small(scenario: Scenario, host: HostTimes, cores: int) -> bool:
    """Whether really running the heaviest variant at the scenario's highest demand takes too much of this host."""
    rate = sum(highest_rate(scenario, service) * len(service.devices) for service in scenario.services)
    heaviest = max(sum(times) for variants in host.values() for times in variants.values())
    share = HOST_SHARE if scenario.topology.cluster is None else HOST_SHARE_UNDER_CLUSTER
    return rate * heaviest > share * cores


def highest_rate(scenario: Scenario, service: Service) -> float:
    """Requests per second of one device of a service at its demand's highest, changes of the timeline included."""
    later = [one.demand for one in scenario.timeline if isinstance(one, DemandChange) and one.service == service.name]
    return max(_peak(demand) for demand in (service.demand, *later))


def _peak(demand: Demand) -> float:
    swing = demand.parameters.get("amplitude", 0.0)
    return max(demand.rate_per_s * (1 + swing), demand.parameters.get("to_per_s", 0.0))


def measure_host(workloads: Iterable[WorkloadInfo]) -> dict[str, dict[str, tuple[float, ...]]]:
    """Median seconds of each stage of each variant on one core of this host, by really running them."""
    return {
        workload.name: {variant.name: _measure_variant(variant) for variant in workload.variants}
        for workload in workloads
    }


def _measure_variant(variant: Variant) -> tuple[float, ...]:
    import numpy as np

    size, tensor = variant.input_size, variant.tensor
    value: Any = np.zeros((1, *tensor.shape), tensor.numpy) if tensor else np.zeros((1, size, size, 3), np.uint8)
    times = []
    for stage in variant.stages:
        session = open_session(stage.path)
        feed = {session.get_inputs()[0].name: value}
        outputs = session.run(None, feed)
        times.append(statistics.median(_timed(session, feed) for _ in range(TRIALS)))
        named = dict(zip([one.name for one in session.get_outputs()], outputs, strict=True))
        value = named.get("activation")
    return tuple(times)


def _timed(session: Any, feed: Mapping[str, Any]) -> float:
    started = time.perf_counter()
    session.run(None, feed)
    return time.perf_counter() - started
