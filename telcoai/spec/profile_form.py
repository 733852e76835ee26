"""Device and radio profiles as written."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from telcoai.model.topology import DeviceProfile, RadioProfile, Speed
from telcoai.spec.form import Document, Form, Reference, Sourced, Text
from telcoai.spec.quantities import (
    Bytes,
    BytesPerSecond,
    GflopsPerSecond,
    MegapixelsPerSecond,
    NanojoulesPerBit,
    Seconds,
    Share,
    Watts,
)

Precision = Literal["fp32", "int8"]
StageSeconds = Annotated[list[Seconds], Field(min_length=1, max_length=64)]


class Power(Form):
    """Power of the whole device."""

    idle: Sourced[Watts] = Field(description="With no core busy and no radio connected.")
    busy: Sourced[Watts] = Field(description="With every core busy.")


class SpeedForm(Sourced[GflopsPerSecond]):
    """Effective speed of one core: 2 operations per multiply-add, one thread, all other cores busy too."""

    precision: Precision
    family: Annotated[str, Field(max_length=60)] = Field("", description="Workload family, or none for any.")


class StageTimes(Form):
    """Measured times of one variant's stages on one core; they beat any estimate."""

    variant: Reference
    times: StageSeconds = Field(description="Medians, a time for each stage.")
    low: StageSeconds | None = Field(None, description="Lower quartiles.")
    high: StageSeconds | None = Field(None, description="Upper quartiles.")
    runs: Annotated[int, Field(ge=1)] | None = Field(None, description="Runs of each stage.")
    source: Text

    @model_validator(mode="after")
    def _hold_their_values(self) -> Self:
        low, high = self.low or self.times, self.high or self.times
        if not len(low) == len(self.times) == len(high):
            raise ValueError("times, low and high need an entry for each stage")
        if not all(a <= b <= c for a, b, c in zip(low, self.times, high, strict=True)):
            raise ValueError("each time must lie between its quartiles: low <= times <= high")
        return self


class Measured(Form):
    """When and on what a profile's own times were measured, as ``telcoai profile`` writes it."""

    date: Text
    workload: Text
    machine: Text
    processor: Text
    kernel: Text
    governor: Text = Field(description="How the kernel sets the clock.")
    python: Text
    onnxruntime: Text
    telcoai: Text
    threads: Annotated[int, Field(ge=1)] = Field(description="Stages that ran at once, one on a core.")
    warmup: Annotated[int, Field(ge=0)] = Field(description="Runs of each stage before those that count.")
    seed: Annotated[int, Field(ge=0)] = Field(description="Of the order in which stages were run.")
    warnings: Annotated[list[Text], Field(max_length=20)] = Field(
        default_factory=list, description="What speaks against the figures."
    )


class Loading(Form):
    """What it takes to load a stage of a model: its parameters / read + session."""

    read: Sourced[BytesPerSecond] = Field(description="Bytes that its storage gives in a second, read in order.")
    session: Sourced[Seconds] = Field(description="From parameters read to a stage that can run.")


class DeviceSpec(Form):
    """What a node is made of."""

    cores: Sourced[Annotated[int, Field(ge=1, le=4096)]] = Field(
        description="Units that run one stage each at a time; a GPU counts as one."
    )
    memory: Sourced[Bytes]
    power: Power
    overhead: Sourced[Seconds] = Field(description="Fixed time per stage, on top of operations / speed.")
    speeds: Annotated[list[SpeedForm], Field(min_length=1, max_length=64)]
    stages: Annotated[list[StageTimes], Field(max_length=1000)] = Field(default_factory=list)
    jpeg_decode: Sourced[MegapixelsPerSecond] | None = Field(
        None, description="Pixels that one core decodes from JPEG in a second; for services with `frames: jpeg`."
    )
    measured: Measured | None = Field(None, description="How `stages` were measured, if they were.")
    load: Loading | None = Field(None, description="How long models take to load; no time when left out.")
    batching: Sourced[Annotated[Share, Field(lt=1)]] | None = Field(
        None,
        description="Share of a stage's time beyond the overhead that a batch takes once, whatever its size; the rest "
        "is taken for each of its requests. None when left out: then a batch shares the overhead alone.",
    )


class DeviceDocument(Document):
    """A device profile's file."""

    kind: Literal["DeviceProfile"]
    spec: DeviceSpec

    def value(self) -> DeviceProfile:
        """The profile for other rooms."""
        spec = self.spec
        return DeviceProfile(
            name=self.metadata.name,
            cores=spec.cores.value,
            memory_bytes=round(spec.memory.value),
            power_idle_w=spec.power.idle.band(),
            power_busy_w=spec.power.busy.band(),
            overhead_s=spec.overhead.band(),
            speeds=tuple(Speed(s.precision, s.band(), s.family) for s in spec.speeds),
            stage_s={s.variant: tuple(s.times) for s in spec.stages},
            jpeg_decode_mpx_s=spec.jpeg_decode.band() if spec.jpeg_decode else None,
            load_bytes_per_s=spec.load.read.band() if spec.load else None,
            load_session_s=spec.load.session.band() if spec.load else None,
            batch_shared=spec.batching.band() if spec.batching else None,
        )


class RadioSpec(Form):
    """Energy of a device's radio, on top of the device's own."""

    up: Sourced[NanojoulesPerBit] = Field(description="Per bit that the device sends.")
    down: Sourced[NanojoulesPerBit] = Field(description="Per bit that the device receives.")
    base: Sourced[Watts] = Field(description="While connected, whatever is sent.")
    tail: Sourced[Seconds] = Field(description="How long it stays connected after the last byte.")


class RadioDocument(Document):
    """A radio profile's file."""

    kind: Literal["RadioProfile"]
    spec: RadioSpec

    def value(self) -> RadioProfile:
        """The profile for other rooms."""
        spec = self.spec
        return RadioProfile(self.metadata.name, spec.up.band(), spec.down.band(), spec.base.band(), spec.tail.band())
