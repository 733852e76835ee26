"""What was used, in natural units, so that energy can be computed anew with other power figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from telcoai.model.topology import Band


@dataclass(frozen=True, slots=True)
class RadioUse:
    """Bits sent and received, and seconds connected (the band: with the shortest and the longest tail)."""

    up_bits: float
    down_bits: float
    connected_s: Band


@dataclass(frozen=True)
class Use:
    """Of ``requests`` requests together: core-seconds per device profile, and use of each radio profile."""

    requests: int
    core_s: Mapping[str, float] = field(default_factory=dict)
    radios: Mapping[str, RadioUse] = field(default_factory=dict)


def total(uses: Iterable[Use]) -> Use:
    """The use of several runs together."""
    known = list(uses)
    profiles = sorted({name for use in known for name in use.core_s})
    radios = sorted({name for use in known for name in use.radios})
    return Use(
        sum(use.requests for use in known),
        {name: sum(use.core_s.get(name, 0.0) for use in known) for name in profiles},
        {name: _together([use.radios[name] for use in known if name in use.radios]) for name in radios},
    )


def _together(parts: list[RadioUse]) -> RadioUse:
    seconds = [part.connected_s for part in parts]
    return RadioUse(
        sum(part.up_bits for part in parts),
        sum(part.down_bits for part in parts),
        Band(sum(s.value for s in seconds), sum(s.low for s in seconds), sum(s.high for s in seconds)),
    )
