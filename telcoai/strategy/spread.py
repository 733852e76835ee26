"""Options over the whole range of accuracy, for strategies that may go below what is asked for a while."""

from __future__ import annotations

from dataclasses import replace

from telcoai.model.view import ServiceView
from telcoai.strategy.candidates import menu
from telcoai.strategy.choice import ACCURACY_MARGIN
from telcoai.strategy.exits import Option
from telcoai.strategy.sites import Sites


def spread(service: ServiceView, sites: Sites) -> tuple[Option, ...]:
    """What is worth looking at when the accuracy asked is as it is, and when it is that of any of the variants."""
    floors = {variant.accuracy - ACCURACY_MARGIN for variant in service.workload.variants}
    asked = service.requirements.accuracy_min
    floors |= set() if asked is None else {asked}
    found: dict[tuple[str, tuple[float, ...]], Option] = {}
    for floor in sorted(floors):
        wanted = replace(service, requirements=replace(service.requirements, accuracy_min=floor))
        for option in menu(wanted, sites).options:
            found.setdefault((option.variant.name, option.thresholds), option)
    return tuple(found.values())
