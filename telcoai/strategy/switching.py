"""What it costs to go from one plan to the next: loading what isn't in memory yet.

Seconds are parameters / read rate + session, stage after stage on a node and nodes side by side; joules are those
seconds at the power of one busy core (as ``telcoai.energy.loads`` accounts for them). While memory holds both, the old
plan serves meanwhile; where it doesn't, requests wait for as long as the load takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from telcoai.model.memory import Held, load_seconds, memory_of, needs, together, total_bytes
from telcoai.model.plan import Plan
from telcoai.model.power import core_power
from telcoai.model.view import View
from telcoai.model.workload import WorkloadInfo


@dataclass(frozen=True, slots=True)
class NodeSwitch:
    """On one node: seconds and joules of loading, and whether memory holds what is in force beside it."""

    seconds: float
    joules: float
    holds_both: bool


@dataclass(frozen=True, slots=True)
class Switch:
    """On all nodes: ``seconds`` until the last one is done, ``joules`` in all, and the nodes on which requests wait."""

    seconds: float
    joules: float
    waits: tuple[str, ...]


def switching_cost(plan: Plan, view: View) -> Switch:
    """From what the view shows to be loaded and in force to a plan that ``telcoai.strategy.check`` finds sound."""
    wanted = needed_by(plan, view)
    found = {node: node_switch(node, held, view) for node, held in wanted.items()}
    return Switch(
        max((one.seconds for one in found.values()), default=0.0),
        sum(one.joules for one in found.values()),
        tuple(sorted(node for node, one in found.items() if one.seconds > 0 and not one.holds_both)),
    )


def node_switch(node: str, wanted: Iterable[Held], view: View) -> NodeSwitch:
    """What loading these stages takes on a node."""
    workloads, wanted = _workloads(view), set(wanted)
    in_force = needed_by(view.previous, view).get(node, set())
    profile = view.topology.profile_of(node)
    missing = wanted - _loaded(node, view) - in_force
    seconds = sum(load_seconds(profile, workloads[name].variant(variant), stage) for name, variant, stage in missing)
    fits = total_bytes(wanted | in_force, workloads) <= memory_of(view.topology, node)
    return NodeSwitch(seconds, seconds * core_power(profile).value, fits)


def needed_by(plan: Plan | None, view: View) -> dict[str, set[Held]]:
    """Stages that a plan needs on each node, of services that there are."""
    known = {service.name: service.workload for service in view.services}
    assignments = plan.assignments if plan is not None else ()
    return together(needs(one, known[one.service]) for one in assignments if one.service in known)


def _workloads(view: View) -> Mapping[str, WorkloadInfo]:
    return {service.workload.name: service.workload for service in view.services}


def _loaded(node: str, view: View) -> set[Held]:
    seen = view.nodes.get(node)
    resident = seen.resident if seen is not None else ()
    return {(one.workload, one.variant, stage) for one in resident for stage in one.stages}
