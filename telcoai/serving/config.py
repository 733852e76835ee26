"""What a node runtime is told at its start."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from telcoai.errors import InputError
from telcoai.model.tensor_input import TensorInput
from telcoai.model.timing import batch_seconds

STRICT = ConfigDict(extra="forbid")
Port = Annotated[int, Field(ge=0, le=65535)]
Size = Annotated[int, Field(ge=1, le=4096)]
Extent = Annotated[int, Field(ge=1, le=2**24)]
Seconds = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]


@dataclass(frozen=True, config=STRICT)
class StageConfig:
    """One stage: its ONNX file, and its output's shape without batch (empty for the last stage).

    ``has_exit``: whether the file gives ``logits``, as the last stage's has to.
    """

    path: Path
    activation_shape: tuple[Extent, ...]
    has_exit: bool = True


@dataclass(frozen=True, config=STRICT)
class VariantConfig:
    """A variant on this node. ``input_size``: of its square frame, 0 where it takes ``tensor`` instead.

    ``stage_s``: paced seconds of each stage here, None = as fast as it goes.

    ``once_s``: the part of each that a batch takes once, whatever its size; without it, nothing.
    ``decode_s``: paced seconds to decode a JPEG frame of its size here, before stage 0. ``stage_bytes``, ``load_s``: of
    each stage the memory that it takes and the paced seconds to load it, None = as fast as it goes.
    """

    name: str
    precision: str
    input_size: Annotated[int, Field(ge=0, le=4096)]
    stages: Annotated[tuple[StageConfig, ...], Field(min_length=1, max_length=32)]
    compute: tuple[Literal["run", "replay"], ...]
    stage_s: tuple[Seconds, ...] | None = None
    decode_s: Seconds | None = None
    stage_bytes: tuple[Annotated[int, Field(ge=0)], ...] | None = None
    load_s: tuple[Seconds, ...] | None = None
    once_s: tuple[Seconds, ...] | None = None
    tensor: TensorInput | None = None

    def paced_s(self, stage: int, samples: int, frames: int) -> float | None:
        """Paced seconds of a stage of so many samples together, ``frames`` of them decoded from JPEG before."""
        if self.stage_s is None:
            return None
        once_s = self.once_s[stage] if self.once_s else 0.0
        return batch_seconds(self.stage_s[stage], once_s, samples) + frames * (self.decode_s or 0.0)


@dataclass(frozen=True, config=STRICT)
class WorkloadConfig:
    """A family of variants, with the files of its samples and of its replayed outputs."""

    classes: Annotated[int, Field(ge=1)]
    variants: Annotated[tuple[VariantConfig, ...], Field(min_length=1)]
    replay: Path | None = None
    samples: Path | None = None


@dataclass(frozen=True, config=STRICT)
class NodeConfig:
    """The whole configuration of a node. ``queue``: requests that may wait for a core.

    ``frames``: the form in which frames of a service travel to another node, raw unless said. ``is_replica``: it is
    where Kubernetes placed it, and takes the hop ``*`` for itself. ``memory_bytes``: what models may take; None: all
    are loaded at the start and stay. ``radio_tail_s``: how long its radio
    stays connected after the last byte.
    """

    node: str
    tier: Literal["device", "edge", "cloud"]
    listen: tuple[str, Port]
    control: Path
    token_file: Path
    cores: Annotated[int, Field(ge=1)]
    queue: Annotated[int, Field(ge=0)]
    peers: dict[str, tuple[str, Port]]
    services: dict[str, str]
    workloads: dict[str, WorkloadConfig]
    paced: bool = True
    seed: int = 0
    is_replica: bool = False
    memory_bytes: Annotated[int, Field(ge=1)] | None = None
    frames: dict[str, Literal["raw", "jpeg"]] = field(default_factory=dict)
    radio_tail_s: Annotated[float, Field(ge=0)] = 0.0

    def sends_jpeg(self, service: str) -> bool:
        """Whether the service's frames travel as JPEG."""
        return self.frames.get(service) == "jpeg"

    @property
    def variants(self) -> dict[str, VariantConfig]:
        """All variants by name."""
        return {variant.name: variant for one in self.workloads.values() for variant in one.variants}


def read_config(path: Path) -> NodeConfig:
    """Read and check a configuration file; InputError names every problem."""
    try:
        config = TypeAdapter(NodeConfig).validate_json(path.read_bytes())
    except OSError as err:
        raise InputError(f"{path}: {err.strerror}") from err
    except ValidationError as err:
        lines = [f"{path}: {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in err.errors()]
        raise InputError("\n".join(lines)) from err
    problems = _contradictions(config)
    if problems:
        raise InputError("\n".join(f"{path}: {problem}" for problem in problems))
    return config


def _contradictions(config: NodeConfig) -> list[str]:
    problems = [
        f"services.{service}: unknown workload {workload!r}"
        for service, workload in config.services.items()
        if workload not in config.workloads
    ]
    problems += _jpeg_problems(config)
    names = [variant.name for one in config.workloads.values() for variant in one.variants]
    names += list(config.services)
    problems += [f"the name {name!r} is used twice" for name in sorted(set(names)) if names.count(name) > 1]
    for workload in config.workloads.values():
        for variant in workload.variants:
            problems += _variant_problems(workload, variant)
    return problems


def _jpeg_problems(config: NodeConfig) -> list[str]:
    problems = [f"frames.{service}: unknown service" for service in config.frames if service not in config.services]
    for service in filter(config.sends_jpeg, config.frames):
        workload = config.workloads.get(config.services.get(service, ""))
        for variant in workload.variants if workload else ():
            if variant.tensor is not None:
                problems.append(f"{variant.name}: takes {variant.tensor}, which can't travel as JPEG")
            if "replay" in variant.compute:
                problems.append(f"{variant.name}: compute is replay, but frames of {service} travel as JPEG")
    return problems


def _variant_problems(workload: WorkloadConfig, variant: VariantConfig) -> list[str]:
    count, problems = len(variant.stages), []
    if len(variant.compute) != count:
        problems.append(f"{variant.name}: compute needs {count} entries, one a stage")
    for name in ("stage_s", "stage_bytes", "load_s"):
        told = getattr(variant, name)
        if told is not None and len(told) != count:
            problems.append(f"{variant.name}: {name} needs {count} entries, one a stage")
    if variant.once_s is not None and not _fits(variant.once_s, variant.stage_s):
        problems.append(f"{variant.name}: once_s needs an entry for each of stage_s, none of them greater")
    if any(not stage.activation_shape for stage in variant.stages[:-1]) or variant.stages[-1].activation_shape:
        problems.append(f"{variant.name}: every stage but the last needs an activation_shape")
    if (variant.input_size == 0) == (variant.tensor is None):
        problems.append(f"{variant.name}: needs either an input_size or a tensor")
    if not variant.stages[-1].has_exit:
        problems.append(f"{variant.name}: the last stage needs an exit")
    if "replay" in variant.compute and workload.replay is None:
        problems.append(f"{variant.name}: compute is replay, but the workload has no replay file")
    return problems


def _fits(once_s: tuple[float, ...], stage_s: tuple[float, ...] | None) -> bool:
    return (
        stage_s is not None
        and len(once_s) == len(stage_s)
        and all(a <= b for a, b in zip(once_s, stage_s, strict=True))
    )
