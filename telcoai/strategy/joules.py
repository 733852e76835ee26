"""Predicted dynamic energy of a request in joules, by the model that runs are accounted with.

A core-second costs (busy - idle) / cores of its node's power, a bit over a radio its nanojoules, and a radio its base
power while it is connected, which is from the first byte of a transfer until ``tail_s`` after the last. Transfers of
a radio overlap. They are taken for a Poisson stream, so that the radio is connected like M/G/infinity is busy: with
r transfers a second that last d on average, the share 1 - exp(-r (d + tail)) of the time (Takács, Introduction to the
Theory of Queues, 1962), whatever the spread of d. Each transfer answers for 1 / r of the connected second.

Left out: idle power, headers of TCP/IP (as in a run's account), arrivals steadier than Poisson (which overlap a little
less by chance), and that two transfers of one request over one radio, out and home again, always overlap. Others'
transfers over the same radio are taken to last as long as one's own; the tail is mostly much longer than either.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from telcoai.model.power import JOULES_PER_NANOJOULE, core_power, owner
from telcoai.model.topology import RadioProfile, Topology
from telcoai.strategy.course import Course, Crossing
from telcoai.strategy.pipe import REPLY_BYTES
from telcoai.strategy.predict import NO_LOAD, Occupancy, Waits, no_waits, waits_of

SELDOM_PER_S = 1e-9
"""Transfers a second that never overlap; below it only rounding would be left of the expression."""


@dataclass(frozen=True, slots=True)
class Antenna:
    """The radio of a link: ``ascends`` when bytes a → b are sent by its owner. ``links``: all links that the same radio
    of the same node serves."""

    profile: RadioProfile
    ascends: bool
    links: tuple[str, ...]

    def bits_j(self, payload: int, upward: bool) -> float:
        """Energy of a payload that crosses the link in a direction, in joules."""
        band = self.profile.up_nj_per_bit if upward == self.ascends else self.profile.down_nj_per_bit
        return 8 * payload * band.value * JOULES_PER_NANOJOULE

    def exchange_j(self, payload: int, upward: bool) -> float:
        """Energy of a payload and of its reply, in joules."""
        return self.bits_j(payload, upward) + self.bits_j(REPLY_BYTES, not upward)

    def connected_j(self, away_s: float, transfers_per_s: float) -> float:
        """Energy of the connected time that one transfer answers for, in joules, when it lasts ``away_s``."""
        return self.profile.base_w.value * connected_s(away_s + self.profile.tail_s.value, transfers_per_s)


class Powers:
    """Power figures of a testbed, indexed for courses."""

    def __init__(self, topology: Topology) -> None:
        self._core_w = {node.name: core_power(topology.profiles[node.profile]).value for node in topology.nodes}
        self._antennas = _antennas(topology)

    def core_w(self, node: str) -> float:
        """Watts that one busy core of the node adds."""
        return self._core_w[node]

    def antenna(self, link: str) -> Antenna | None:
        """The radio of a link, None when it has none."""
        return self._antennas.get(link)

    def request_j(self, course: Course, rate_per_s: float, load: Occupancy | None = None) -> float:
        """Mean joules of a request over all nodes and radios that it touches, at the rate of its device.

        With a ``load`` (own requests included) requests also wait, and share the radios with all others in it.
        """
        waits = no_waits(course) if load is None else waits_of(course, load)
        total = sum(visit.share * visit.core_s * self._core_w[visit.node] for visit in course.visits)
        for index, crossing in enumerate(course.crossings):
            antenna = self._antennas.get(crossing.link)
            if antenna is None:
                continue
            total += crossing.share * antenna.bits_j(crossing.payload, crossing.upward)
            if not crossing.is_reply:
                rate = _transfers_per_s(crossing, antenna, rate_per_s, load)
                total += crossing.share * antenna.connected_j(_away_s(course, index, waits), rate)
        return total


def connected_s(length_s: float, transfers_per_s: float) -> float:
    """Connected seconds that each of the transfers answers for, when each alone would connect for ``length_s``."""
    if transfers_per_s <= SELDOM_PER_S:
        return length_s
    return -math.expm1(-transfers_per_s * length_s) / transfers_per_s


def _antennas(topology: Topology) -> dict[str, Antenna]:
    owners = {link.name: owner(link, topology) for link in topology.links if link.radio}
    served: dict[tuple[str, str], list[str]] = {}
    for link in topology.links:
        if link.radio:
            served.setdefault((owners[link.name], link.radio), []).append(link.name)
    return {
        link.name: Antenna(
            topology.radios[link.radio], owners[link.name] == link.a, tuple(served[owners[link.name], link.radio])
        )
        for link in topology.links
        if link.radio
    }


def _transfers_per_s(crossing: Crossing, antenna: Antenna, rate_per_s: float, load: Occupancy | None) -> float:
    """Transfers a second of the radio: every one crosses its link there and back."""
    own = rate_per_s * crossing.share
    if load is None:
        return own
    uses = sum(load.links.get((link, up), NO_LOAD).uses for link in antenna.links for up in (True, False))
    return max(own, uses / 2)


def _away_s(course: Course, index: int, waits: Waits) -> float:
    """Mean seconds from the first byte over a crossing until the reply is back, of those that cross it."""
    begin = total = share = 0.0
    for way in course.ways:
        done = way.seconds + waits.along(way)
        if way.crossings <= index:
            begin = done
        else:
            share += way.share
            total += way.share * done
    return max(0.0, total / share - begin) if share > 0 else 0.0
