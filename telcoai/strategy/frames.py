"""What a frame costs that travels to the node of stage 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from telcoai.model.timing import decode_seconds
from telcoai.model.topology import DeviceProfile
from telcoai.model.view import ServiceView
from telcoai.model.workload import Variant


@dataclass(frozen=True, slots=True)
class Frames:
    """The form in which a service's frames travel, and their mean bytes by variant where they aren't raw."""

    form: str = "raw"
    mean_bytes: Mapping[str, int] = field(default_factory=dict)

    def bytes_of(self, variant: Variant) -> int:
        """Bytes of a frame of the variant's size."""
        return self.mean_bytes.get(variant.name, variant.input_bytes)

    def decode_s(self, profile: DeviceProfile, variant: Variant) -> float:
        """Seconds on one core before stage 0 can begin on another node than the device; KeyError as
        ``decode_seconds``."""
        return decode_seconds(profile, variant) if self.form == "jpeg" else 0.0

    def costs(self, variant: Variant) -> tuple[float, ...]:
        """What grows where a frame gets slower to send or to decode, on any node."""
        pixels = variant.input_size**2 if self.form == "jpeg" else 0
        return float(self.bytes_of(variant)), float(pixels)


def frames_of(service: ServiceView) -> Frames:
    """As the service's frames travel."""
    return Frames(service.frames, service.frame_bytes)
