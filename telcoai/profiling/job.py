"""What is to be measured, and what came of it: the two JSON files between telcoai and the measuring process."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from telcoai.errors import InputError
from telcoai.serving.config import STRICT, VariantConfig

T = TypeVar("T")
Count = Annotated[int, Field(ge=1, le=10_000)]
Runs = tuple[int, ...]
"""Nanoseconds of each run, in the order in which they were made."""


@dataclass(frozen=True, config=STRICT)
class Job:
    """Stages to be measured. ``frames``: npz whose array ``frames`` holds n × h × w × 3 uint8.

    ``threads``: stages that run at once, one a core; 0 is all cores that the process may use. ``repeat``: timed runs of
    each stage, after ``warmup`` ones that don't count. Relative paths are under the folder that the process works in.
    """

    variants: Annotated[tuple[VariantConfig, ...], Field(min_length=1)]
    frames: Path
    threads: Annotated[int, Field(ge=0, le=4096)]
    warmup: Count
    repeat: Count
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)]


@dataclass(frozen=True, config=STRICT)
class Machine:
    """The machine that was measured. ``load``: its load average over a minute, just before.

    ``governor``: how the kernel sets the clock, "unknown" where it doesn't say.
    """

    machine: str
    processor: str
    architecture: str
    cores: Count
    memory_bytes: int
    kernel: str
    governor: str
    python: str
    onnxruntime: str
    telcoai: str
    load: float


@dataclass(frozen=True, config=STRICT)
class Measurement:
    """Runs of each stage by variant, and of decoding a JPEG frame by its edge in pixels. ``date``: local, ISO 8601.

    ``core_share``: core time that the process got while it was timed, over ``threads`` cores all the time.
    """

    machine: Machine
    date: str
    threads: int
    core_share: float
    stages: dict[str, tuple[Runs, ...]]
    decode: dict[int, Runs]


def write(path: Path, value: Job | Measurement) -> None:
    """Write one of the two files."""
    path.write_bytes(TypeAdapter(type(value)).dump_json(value))


def read(path: Path, kind: type[T]) -> T:
    """Read one of the two files; InputError when it isn't one."""
    try:
        return TypeAdapter(kind).validate_json(path.read_bytes())
    except (OSError, ValidationError) as err:
        raise InputError(f"{path} holds no {kind.__name__.lower()}: {err}") from err
