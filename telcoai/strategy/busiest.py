"""How busy the busiest node or link gets that each candidate of a chain uses, as an array."""

from __future__ import annotations

import numpy as np

from telcoai.strategy.course import Course
from telcoai.strategy.pipe import REPLY_BYTES, backward, occupied_s
from telcoai.strategy.predict import Occupancy
from telcoai.strategy.sheet import Figures, Numbers
from telcoai.strategy.sites import Sites


def busiest(figures: Figures, rate_per_s: float, load: Occupancy, sites: Sites) -> Numbers:
    """Utilisation, with the device's own requests on top of the load of the others."""
    chain, rows = figures.chain, figures.rows
    most = np.zeros(len(rows.candidates))
    for level, name in enumerate(chain):
        cores = sites.profile(name).cores
        after = load.utilisation(name, cores) + rate_per_s * rows.core_s[:, level] / cores
        most = np.maximum(most, np.where(rows.core_s[:, level] > 0, after, 0.0))
    for key, held_s in _links(figures, sites).items():
        after = load.link_utilisation(*key) + rate_per_s * held_s
        most = np.maximum(most, np.where(held_s > 0, after, 0.0))
    return np.asarray(most)


def busiest_on(path: Course, load: Occupancy) -> float:
    """The same of one course, whose requests are in the load."""
    nodes = [load.utilisation(visit.node, visit.cores) for visit in path.visits]
    return max([*nodes, *(load.link_utilisation(one.link, one.upward) for one in path.crossings)], default=0.0)


def _links(figures: Figures, sites: Sites) -> dict[tuple[str, bool], Numbers]:
    """Seconds that a request of each candidate holds each direction of a link, on average."""
    chain, rows = figures.chain, figures.rows
    found: dict[tuple[str, bool], Numbers] = {}
    for pair, (start, end) in enumerate(rows.pairs):
        for step in sites.route(chain[start], chain[end]) or ():
            sent = np.array([occupied_s(step.state, payload) for payload in rows.payloads])[rows.size[:, pair]]
            for upward, seconds in ((step.upward, sent), (not step.upward, occupied_s(backward(step), REPLY_BYTES))):
                key = (step.link.name, upward)
                found[key] = found.get(key, np.zeros(len(sent))) + rows.share[:, pair] * seconds
    return found
