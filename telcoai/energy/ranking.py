"""Whether strategies keep their order by energy whatever the true power figures within their bands are.

All strategies ran on the same profiles, so a wrong figure is wrong for all of them alike: what can turn the order is
not each one's own band but a common figure that moves one strategy more than another. Energy per request is a sum of
(figure × use); for two strategies the difference is least where every figure sits at that end of its band which
favours the worse one. No search over corners is needed, and if neighbours in the order can't swap, nobody can.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise, product

from telcoai.energy.use import RadioUse, Use
from telcoai.model.power import JOULES_PER_NANOJOULE, core_power, scaled
from telcoai.model.topology import Band, Topology

_NO_RADIO = RadioUse(0.0, 0.0, Band(0.0, 0.0, 0.0))


@dataclass(frozen=True, slots=True)
class Margin:
    """By how much ``worse`` uses more joules per request than ``better``: as modelled, and at the least."""

    better: str
    worse: str
    gap_j: float
    least_gap_j: float


@dataclass(frozen=True, slots=True)
class EnergyRanking:
    """Strategies by dynamic energy per request, least first, with joules as (value, low, high)."""

    order: tuple[str, ...]
    per_request_j: Mapping[str, Band]
    margins: tuple[Margin, ...]

    @property
    def survives(self) -> bool:
        """Whether the order holds for all power figures within their bands."""
        return all(margin.least_gap_j > 0 for margin in self.margins)

    @property
    def can_swap(self) -> tuple[tuple[str, str], ...]:
        """Neighbours in the order that some figures within the bands put the other way round."""
        return tuple((margin.better, margin.worse) for margin in self.margins if margin.least_gap_j <= 0)


def ranking_survives(uses: Mapping[str, Use], topology: Topology) -> EnergyRanking:
    """Rank strategies by what they used on one testbed; those without any request are left out."""
    known = {name: use for name, use in uses.items() if use.requests > 0}
    per_request_j = {name: _energy(use, topology) for name, use in known.items()}
    order = tuple(sorted(known, key=lambda name: (per_request_j[name].value, name)))
    margins = tuple(_margin(a, b, known, topology) for a, b in pairwise(order))
    return EnergyRanking(order, per_request_j, margins)


def _energy(use: Use, topology: Topology) -> Band:
    """Joules per request with every figure at its value, its low end and its high end."""
    nothing = Use(1)
    terms = list(_terms(nothing, use, topology))
    return Band(sum(t[0] for t in terms), sum(min(t) for t in terms), sum(max(t) for t in terms))


def _margin(better: str, worse: str, uses: Mapping[str, Use], topology: Topology) -> Margin:
    terms = list(_terms(uses[better], uses[worse], topology))
    return Margin(better, worse, sum(t[0] for t in terms), sum(min(t) for t in terms))


def _terms(one: Use, other: Use, topology: Topology) -> Iterator[tuple[float, ...]]:
    """For each figure, the joules per request that ``other`` uses more than ``one``: at its value, then at its ends."""
    for name in sorted({*one.core_s, *other.core_s}):
        more = other.core_s.get(name, 0.0) / other.requests - one.core_s.get(name, 0.0) / one.requests
        yield _ends(scaled(core_power(topology.profiles[name]), more))
    for name in sorted({*one.radios, *other.radios}):
        radio = topology.radios[name]
        first, second = one.radios.get(name, _NO_RADIO), other.radios.get(name, _NO_RADIO)
        up = second.up_bits / other.requests - first.up_bits / one.requests
        down = second.down_bits / other.requests - first.down_bits / one.requests
        yield _ends(scaled(radio.up_nj_per_bit, up * JOULES_PER_NANOJOULE))
        yield _ends(scaled(radio.down_nj_per_bit, down * JOULES_PER_NANOJOULE))
        before, after = _ends(first.connected_s), _ends(second.connected_s)
        more_s = [b / other.requests - a / one.requests for a, b in zip(before, after, strict=True)]
        yield tuple(power * seconds for power, seconds in product(_ends(radio.base_w), more_s))


def _ends(band: Band) -> tuple[float, float, float]:
    return band.value, band.low, band.high
