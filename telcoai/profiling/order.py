"""From what a person asks for to a job and what is given beside it."""

from __future__ import annotations

import dataclasses
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from telcoai.errors import InputError
from telcoai.model.topology import Band
from telcoai.model.workload import Variant, WorkloadInfo
from telcoai.profiling.document import Given
from telcoai.profiling.job import Job
from telcoai.serving.config import StageConfig, VariantConfig
from telcoai.spec import load_profile
from telcoai.spec.form import NAME_PATTERN
from telcoai.spec.problems import allowed, did_you_mean

ON_THE_COMMAND_LINE = "Given on the command line of telcoai profile"


@dataclass(frozen=True, slots=True)
class Power:
    """Powers of the whole device in W, None when not said. ``base``: a profile that has what isn't, "" for none."""

    idle_w: float | None
    busy_w: float | None
    base: str


@dataclass(frozen=True, slots=True)
class Runs:
    """How often and how stages are run. ``threads``: at once, 0 for as many as the profile has cores."""

    threads: int
    warmup: int
    repeat: int
    seed: int


def job_for(info: WorkloadInfo, names: Sequence[str], runs: Runs) -> Job:
    """The job that measures the variants named, or all; InputError for a name that the workload lacks."""
    known = {variant.name: variant for variant in info.variants}
    for name in names:
        if name not in known:
            near = did_you_mean(name, known)
            raise InputError(f"{info.name} has no variant {name!r} {allowed(known)}{near}")
    if any(variant.tensor for variant in info.variants):
        raise InputError(f"{info.name} takes no frames, which profiles are measured with", "name a workload of frames")
    chosen = tuple(_config(known[name]) for name in known if not names or name in names)
    return Job(chosen, info.samples_path.resolve(), runs.threads, runs.warmup, runs.repeat, runs.seed)


def _config(variant: Variant) -> VariantConfig:
    stages = tuple(StageConfig(stage.path.resolve(), stage.activation_shape) for stage in variant.stages)
    modes: tuple[Literal["run", "replay"], ...] = tuple("run" for _ in stages)
    return VariantConfig(variant.name, variant.precision, variant.input_size, stages, modes)


def given(name: str, cores: int | None, power: Power) -> Given:
    """What isn't measured; InputError says what is lacking, or what contradicts itself."""
    if not re.fullmatch(NAME_PATTERN, name):
        raise InputError(f"{name!r} is no name", "lower-case letters, digits and hyphens, at most 40 characters")
    idle_w, busy_w = _power(power, "idle"), _power(power, "busy")
    if idle_w.value > busy_w.value:
        raise InputError(f"idle power ({idle_w.value:g} W) is above busy power ({busy_w.value:g} W)")
    return Given(name, cores, idle_w, busy_w)


def _power(power: Power, state: str) -> Band:
    said = power.idle_w if state == "idle" else power.busy_w
    if said is not None:
        return Band(said, said, said, ON_THE_COMMAND_LINE)
    if not power.base:
        raise InputError(
            f"the device's {state} power can't be measured from here, and a profile needs it",
            "--base raspberry-pi-5 takes it from that profile; or give it: --idle-power 3.3W --busy-power 9.8W",
        )
    profile = load_profile(power.base)
    band = profile.power_idle_w if state == "idle" else profile.power_busy_w
    return dataclasses.replace(band, source=f"Profile {profile.name}, not measured: {band.source}")


def default_name(host: str | None) -> str:
    """A profile's name from the machine's: lower-case letters, digits and hyphens, at most 40."""
    words = re.sub(r"[^a-z0-9]+", "-", (host or socket.gethostname()).rpartition("@")[2].lower())
    return words.strip("-")[:40].strip("-") or "machine"
