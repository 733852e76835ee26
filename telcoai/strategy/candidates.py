"""What a device could do: every option on every way up from the device."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement

from telcoai.model.memory import stage_bytes
from telcoai.model.plan import Assignment
from telcoai.model.topology import Tier
from telcoai.model.view import ServiceView
from telcoai.strategy.choice import ACCURACY_MARGIN, cheapest, keeps
from telcoai.strategy.course import Course, Origin, course
from telcoai.strategy.exits import Option, forecast, keeping, never
from telcoai.strategy.frames import frames_of
from telcoai.strategy.sites import Sites

WIRE_MARGIN = 0.01
"""Accuracy kept in hand for int8 activations: the calibrated tables hold for fp16."""

EDGES = 2
"""Nearest edge nodes looked at for each device."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An option at a placement: ``levels`` says how far up its chain of nodes each stage runs, 0 is the device."""

    option: Option
    levels: tuple[int, ...]
    wire: str


@dataclass(frozen=True)
class Menu:
    """Options of a service worth looking at. ``short``: none keeps the accuracy, the most accurate one is there."""

    service: ServiceView
    options: tuple[Option, ...]
    short: bool

    @property
    def percentile(self) -> float:
        """Percentile that the requirement names."""
        return self.service.requirements.percentile

    def allows(self, option: Option, wire: str, cut: bool) -> bool:
        """Whether an option may run: it keeps the accuracy, with more in hand when activations travel as int8."""
        extra = WIRE_MARGIN if cut and wire == "int8" else 0.0
        if self.short:
            return extra == 0.0 and option.variant == self.options[0].variant
        return keeps(option.forecast.accuracy - extra, self.service.requirements)


def menu(service: ServiceView, sites: Sites) -> Menu:
    """Options that keep the accuracy asked and that no other one beats wherever it runs."""
    variants = service.workload.variants
    found = keeping(variants, service.requirements.accuracy_min, ACCURACY_MARGIN)
    if not found:
        best = max(variants, key=lambda v: v.accuracy)
        return Menu(service, (Option(best, never(best), forecast(best, never(best))),), short=True)
    costs = [_costs(service, option, sites) for option in found]
    kept = [o for i, o in enumerate(found) if not any(_beats(costs, j, i) for j in range(len(found)) if j != i)]
    return Menu(service, tuple(kept), short=False)


def _costs(service: ServiceView, option: Option, sites: Sites) -> tuple[float, ...]:
    """All that makes an option worse somewhere: stage times on each profile, memory where that is short, shares that
    go on, bytes, accuracy left for int8 on the wire."""
    one_each = {node.profile: node.name for node in sites.topology.nodes}
    stages = option.variant.stages
    times: list[float] = []
    for name in one_each.values():
        times.extend(sites.seconds(name, service.workload, option.variant) or (float("inf"),) * len(stages))
    values = [float(stage.activation_values) for stage in stages]
    size = float(sum(stage_bytes(option.variant, stage.index) for stage in stages)) if sites.is_tight(service) else 0.0
    roomy = keeps(option.forecast.accuracy - WIRE_MARGIN, service.requirements)
    return (
        *times,
        size,
        *option.forecast.reach,
        *values,
        *frames_of(service).costs(option.variant),
        0.0 if roomy else 1.0,
    )


def _beats(costs: list[tuple[float, ...]], one: int, other: int) -> bool:
    """Nowhere slower; of two alike the first stays."""
    if len(costs[one]) != len(costs[other]):
        return False
    return all(a <= b for a, b in zip(costs[one], costs[other], strict=True)) and (
        costs[one] != costs[other] or one < other
    )


def chains(device: str, sites: Sites, domain: str) -> tuple[tuple[str, ...], ...]:
    """Living nodes from the device up that are open to the service's domain, one chain for each edge node looked at;
    always at least the device itself."""
    clouds = sites.nearest(device, Tier.CLOUD, domain)
    edges = sites.nearest(device, Tier.EDGE, domain, EDGES)
    return tuple((device, edge, *clouds) for edge in edges) or ((device, *clouds),)


def candidates(options: Menu, length: int) -> list[Candidate]:
    """Every option on every placement that never goes back down a chain of ``length`` nodes."""
    found: list[Candidate] = []
    for option in options.options:
        for levels in combinations_with_replacement(range(length), len(option.variant.stages)):
            cut = levels[0] != levels[-1]
            wires = [wire for wire in ("int8", "fp16") if options.allows(option, wire, cut)] if cut else ["fp16"]
            found.extend(Candidate(option, levels, wire) for wire in wires[:1])
    return found


def hops_of(candidate: Candidate, chain: tuple[str, ...]) -> tuple[str, ...]:
    """The node of each stage."""
    return tuple(chain[level] for level in candidate.levels)


def course_of(candidate: Candidate, chain: tuple[str, ...], sites: Sites, origin: Origin) -> Course | None:
    """The candidate's course up this chain, None when a node can't run it or can't be reached."""
    return course(candidate.option, hops_of(candidate, chain), candidate.wire, sites, origin)


def as_assignment(
    service: ServiceView, device: str, option: Option, hops: tuple[str, ...], wire: str, sites: Sites
) -> Assignment:
    """An option on these nodes; the device itself runs its cheapest variant whole when they are dead."""
    return Assignment(
        service=service.name,
        device=device,
        variant=option.variant.name,
        hops=hops,
        thresholds=option.thresholds,
        wire=wire,
        fallback_variant=cheapest(service.workload, service.requirements, sites, (device,)).name,
    )


def alone(service: ServiceView, device: str, sites: Sites) -> Assignment:
    """Where nothing else can be had, because the device is dead or nothing is known of how it would run: the whole of
    the most accurate variant that the device can run."""
    able = [v for v in service.workload.variants if sites.seconds(device, service.workload, v) is not None]
    variant = max(able or service.workload.variants, key=lambda v: v.accuracy)
    option = Option(variant, never(variant), forecast(variant, never(variant)))
    return as_assignment(service, device, option, (device,) * len(variant.stages), "fp16", sites)


def as_option(one: Assignment, options: Menu) -> Option | None:
    """The option behind an assignment of the menu's service."""
    return option_of(one, options.service)


def option_of(one: Assignment, service: ServiceView) -> Option | None:
    """The option behind an assignment, None when its variant isn't there or its lengths don't fit."""
    variant = next((v for v in service.workload.variants if v.name == one.variant), None)
    if variant is None or len(one.hops) != len(variant.stages) or len(one.thresholds) != len(variant.stages) - 1:
        return None
    return Option(variant, one.thresholds, forecast(variant, one.thresholds))
