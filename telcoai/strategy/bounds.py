"""What each candidate of a chain takes at the least under the load of others, as arrays.

A device's own requests only add to it, so a search that goes by these bounds finds what trying every candidate would.
One exception is known: where others overload a link or node with uses of over half a second each, the predicted wait
falls a little when short uses are mixed in, since what is above the knee depends on the mean use.
"""

from __future__ import annotations

import numpy as np

from telcoai.strategy.joules import SELDOM_PER_S, Antenna, Powers
from telcoai.strategy.predict import NO_LOAD, Occupancy, tail_stretch
from telcoai.strategy.sheet import Figures, Numbers
from telcoai.strategy.sites import Sites


def least_tail_s(figures: Figures, percentile: float, load: Occupancy, sites: Sites) -> Numbers:
    """Latency at the percentile with the waits at nodes and links that others cause, in seconds."""
    chain, rows = figures.chain, figures.rows
    nodes = np.array([load.node_wait_s(name, sites.profile(name).cores) for name in chain])
    links = np.array([_link_wait_s(chain[a], chain[b], load, sites) for a, b in rows.pairs])
    return np.asarray(figures.tail_s + tail_stretch(percentile) * (rows.visited @ nodes + rows.tail @ links))


def least_j(figures: Figures, rate_per_s: float, load: Occupancy, powers: Powers, sites: Sites) -> Numbers:
    """Mean joules of a request when it waits for nobody, and shares the radios with the others."""
    chain, rows = figures.chain, figures.rows
    total = rows.core_s @ np.array([powers.core_w(name) for name in chain])
    crossed = [_antennas(chain[a], chain[b], powers, sites) for a, b in rows.pairs]
    uses = _transfers_per_s(figures, crossed, rate_per_s, load)
    for pair, steps in enumerate(crossed):
        share, away = rows.share[:, pair], figures.away_s(pair)
        for antenna, upward in steps:
            bits = np.array([antenna.exchange_j(payload, upward) for payload in rows.payloads])
            total = total + share * bits[rows.size[:, pair]]
            total = total + antenna.profile.base_w.value * _connected(antenna, share, away, uses[antenna.links])
    return np.asarray(total)


def _connected(antenna: Antenna, share: Numbers, away: Numbers, uses: Numbers) -> Numbers:
    """Connected seconds a request: share × (1 - exp(-r (d + tail))) / r, where share × d is the time away."""
    exposed = np.where(share > 0, away + share * antenna.profile.tail_s.value, 0.0)
    per_transfer = np.divide(exposed, share, out=np.zeros_like(share), where=share > 0)
    overlapping = uses > SELDOM_PER_S
    overlapped = np.divide(-share * np.expm1(-uses * per_transfer), uses, out=np.zeros_like(share), where=overlapping)
    return np.where(overlapping, overlapped, exposed)


def _transfers_per_s(
    figures: Figures, crossed: list[list[tuple[Antenna, bool]]], rate_per_s: float, load: Occupancy
) -> dict[tuple[str, ...], Numbers]:
    """Transfers a second of each radio with each candidate: those of the others and its own."""
    found: dict[tuple[str, ...], Numbers] = {}
    for pair, steps in enumerate(crossed):
        for antenna, _ in steps:
            links = antenna.links
            others = sum(load.links.get((link, up), NO_LOAD).uses for link in links for up in (True, False)) / 2
            before = found.get(links, np.full(len(figures.rows.share), max(0.0, others)))
            found[links] = before + rate_per_s * figures.rows.share[:, pair]
    return found


def _antennas(source: str, target: str, powers: Powers, sites: Sites) -> list[tuple[Antenna, bool]]:
    """Radios on the way, each with whether its link is crossed upward."""
    found = []
    for step in sites.route(source, target) or ():
        antenna = powers.antenna(step.link.name)
        if antenna is not None:
            found.append((antenna, step.upward))
    return found


def _link_wait_s(source: str, target: str, load: Occupancy, sites: Sites) -> float:
    """Wait for all links of the way, there and back."""
    way = sites.route(source, target) or ()
    return sum(load.link_wait_s(step.link.name, up) for step in way for up in (True, False))
