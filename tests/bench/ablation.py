"""slo-mpc without one of its parts each, for bench_scenarios."""

from __future__ import annotations

from dataclasses import replace

from telcoai.model.plan import Plan
from telcoai.model.view import ServiceView, View
from telcoai.strategy.slo_mpc import PARTS, SloMpc


class _Without(SloMpc):
    """Leaves one part out."""

    part = ""

    def __init__(self) -> None:
        super().__init__(PARTS - {self.part})


class NoLessons(_Without):
    """Profiles and links as they are said to be."""

    name = "slo-mpc-no-lessons"
    summary = "slo-mpc without correction of its model"
    part = "lessons"


class NoPercentile(_Without):
    """The percentile asked, however few requests a period has."""

    name = "slo-mpc-no-percentile"
    summary = "slo-mpc aiming at the percentile asked"
    part = "percentile"


class NoMargin(_Without):
    """The margin on accuracy that all strategies have, however well accuracies are known."""

    name = "slo-mpc-no-margin"
    summary = "slo-mpc with a margin on accuracy as all have"
    part = "margin"


class NoBatteries(_Without):
    """The accuracy asked, whatever batteries bear."""

    name = "slo-mpc-no-batteries"
    summary = "slo-mpc that never asks a device for less accuracy"
    part = "batteries"


class NoRisk(_Without):
    """The margin on accuracy also where nothing is in time with it."""

    name = "slo-mpc-no-risk"
    summary = "slo-mpc that never does without the margin on accuracy"
    part = "risk"


class NoExits(SloMpc):
    """Every request runs to the last exit: no threshold is known for the others."""

    name = "slo-mpc-no-exits"
    summary = "slo-mpc without early exits"

    def plan(self, view: View) -> Plan:
        """Decide without tables of thresholds."""
        blind = tuple(_without_tables(one) for one in view.services)
        return super().plan(replace(view, services=blind))


def _without_tables(service: ServiceView) -> ServiceView:
    variants = tuple(
        replace(one, exits=tuple(replace(point, table={}) for point in one.exits)) for one in service.workload.variants
    )
    return replace(service, workload=replace(service.workload, variants=variants))
