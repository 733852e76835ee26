"""Device and radio profiles as written."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from telcoai.model.topology import DeviceProfile, RadioProfile, Speed
from telcoai.spec.form import Document, Form, Reference, Sourced, Text
from telcoai.spec.quantities import Bytes, GflopsPerSecond, MegapixelsPerSecond, NanojoulesPerBit, Seconds, Watts

Precision = Literal["fp32", "int8"]


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
    times: Annotated[list[Seconds], Field(min_length=1, max_length=64)]
    source: Text


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
