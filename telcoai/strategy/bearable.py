"""How accurate the devices of a service may be whose batteries have to last.

A lifetime is kept over a whole run or not at all, an accuracy phase by phase. So a device on which nothing that is in
time and as accurate as asked stays within what its battery bears is asked for less, in steps, until something does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from telcoai.model.view import ServiceView, View
from telcoai.strategy.bounds import least_j
from telcoai.strategy.candidates import Menu, chains, course_of, menu
from telcoai.strategy.endurance import Endurance
from telcoai.strategy.greedy import Job
from telcoai.strategy.joules import Powers
from telcoai.strategy.parted import parted
from telcoai.strategy.predict import Occupancy, unloaded
from telcoai.strategy.sheet import Sheet
from telcoai.strategy.sites import Sites

STEP = 0.01
"""By how much less accuracy is asked for at a time: what strategies keep in hand of it."""

CHEAPEST = 12
"""Ways looked at for each device and chain, those of the fewest joules."""


class Bearable:
    """What batteries of a view bear at the mean rate of each device so far."""

    def __init__(self, sites: Sites, powers: Powers, endurance: Endurance) -> None:
        self._sites = sites
        self._powers = powers
        self._endurance = endurance
        self._menus: dict[tuple[str, int], tuple[Menu, Sheet]] = {}

    def asked_of(self, view: View) -> View:
        """The view with services split by the accuracy that is asked of their devices."""
        return parted(view, {service.name: self._less(service, view) for service in view.services})

    def _less(self, service: ServiceView, view: View) -> Mapping[str, float]:
        if service.requirements.lasts_s is None or service.requirements.accuracy_min is None:
            return {}
        rates = _mean_rates(service, view)
        return {device: STEP * self._steps(service, device, rates[device]) for device in service.rate_per_s}

    def _steps(self, service: ServiceView, device: str, rate_per_s: float) -> int:
        """The fewest steps down with which the battery lasts, by bisection; all where it has to recover first, and none
        where it can't last whatever is done."""
        asked = service.requirements
        if rate_per_s <= 0 or not self._endurance.can_last(device, asked.lasts_s or 0.0):
            return 0
        if self._bears(service, device, rate_per_s, 0):
            return 0
        low, high = 0, int((asked.accuracy_min or 0.0) / STEP)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._bears(service, device, rate_per_s, middle) else (middle, high)
        return high

    def _bears(self, service: ServiceView, device: str, rate_per_s: float, steps: int) -> bool:
        known, sheet = self._known(service, steps)
        asked = service.requirements
        job = Job(replace(service, rate_per_s={device: rate_per_s}), device, known)
        for chain in chains(device, self._sites, service.domain):
            figures = sheet.of(chain, rate_per_s)
            joules = least_j(figures, rate_per_s, Occupancy(), self._powers, self._sites)
            for row in np.argsort(joules, kind="stable")[:CHEAPEST]:
                path = course_of(figures.rows.candidates[row], chain, self._sites, job.origin)
                late = path is None or unloaded(path, asked.percentile).tail_s > (asked.deadline_ms or np.inf) / 1e3
                if path is None or late:
                    continue
                if self._endurance.over_j(device, path, rate_per_s, self._powers.request_j(path, rate_per_s)) <= 0:
                    return True
        return False

    def _known(self, service: ServiceView, steps: int) -> tuple[Menu, Sheet]:
        key = (service.name, steps)
        if key not in self._menus:
            floor = (service.requirements.accuracy_min or 0.0) - STEP * steps
            wanted = replace(service, requirements=replace(service.requirements, accuracy_min=floor))
            found = menu(wanted, self._sites)
            self._menus[key] = (found, Sheet(found, self._sites))
        return self._menus[key]


def _mean_rates(service: ServiceView, view: View) -> Mapping[str, float]:
    """Requests a second of each device, the mean of what was seen in the run."""
    seen: dict[str, list[float]] = {device: [rate] for device, rate in service.rate_per_s.items()}
    for moment in view.past:
        for one in moment.services:
            if one.name == service.name and moment.time_s >= 0:
                for device in seen.keys() & one.rate_per_s.keys():
                    seen[device].append(one.rate_per_s[device])
    return {device: float(np.mean(rates)) for device, rates in seen.items()}
