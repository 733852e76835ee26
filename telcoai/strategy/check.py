"""Whether a plan makes sense: a user's strategy may return anything."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from telcoai.model.memory import memory_of, needs, together, total_bytes
from telcoai.model.plan import ANYWHERE, MOST_BATCH, MOST_BATCH_WAIT_MS, MOST_PRIORITY, Assignment, Plan
from telcoai.model.routes import routes_from
from telcoai.model.topology import Node, Topology
from telcoai.model.view import ServiceView, View
from telcoai.model.wire import WIRES
from telcoai.model.workload import Variant

FALLBACKS = ("local", "fail")
OTHERWISE = ("drop", "degrade")
_TEXTS = ("service", "device", "variant", "wire", "fallback", "fallback_variant", "otherwise")


@dataclass(frozen=True, slots=True)
class _Known:
    services: Mapping[str, ServiceView]
    island: Mapping[str, int]
    """Number of the connected part of the testbed that each node lies in."""
    nodes: Mapping[str, Node]
    has_cluster: bool


def problems(plan: object, view: View) -> list[str]:
    """Everything that is wrong with what a strategy returned, one sentence each; empty when it can be applied."""
    if not isinstance(plan, Plan):
        return [f"the strategy returned {_kind(plan)}, not a Plan"]
    if not isinstance(plan.assignments, tuple):
        return [f"plan.assignments is {_kind(plan.assignments)}, not a tuple of Assignment"]
    known = _Known(
        {s.name: s for s in view.services},
        _islands(view.topology),
        {node.name: node for node in view.topology.nodes},
        view.topology.cluster is not None,
    )
    found = [] if isinstance(plan.reason, str) else [f"plan.reason is {_kind(plan.reason)}, not text"]
    found += _predictions(plan.predictions)
    sound: list[Assignment] = []
    for number, one in enumerate(plan.assignments):
        wrong = _form(one, number)
        found += wrong or _content(one, known)
        if not wrong:
            sound.append(one)
    found += _coverage(sound, view)
    return found or _memory(sound, view)


def _memory(assignments: list[Assignment], view: View) -> list[str]:
    """Nodes that a plan needs more memory of than they have."""
    workloads = {service.name: service.workload for service in view.services}
    by_name = {workload.name: workload for workload in workloads.values()}
    held = together(needs(one, workloads[one.service]) for one in assignments)
    sizes = {node: (total_bytes(stages, by_name), memory_of(view.topology, node)) for node, stages in held.items()}
    return [
        f"{node}: its models need {_mib(needed)} of memory, and it has {_mib(has)}"
        for node, (needed, has) in sizes.items()
        if needed > has
    ]


def _mib(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"


def _kind(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def _number(value: object) -> bool:
    """An int or a finite float; an int may be too large for a float, so only floats are asked."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, float) and math.isfinite(value)
    )


def _predictions(predictions: object) -> list[str]:
    if not isinstance(predictions, dict):
        return [f"plan.predictions is {_kind(predictions)}, not a dict"]
    return [
        f"plan.predictions[{key!r}] = {value!r} is not a finite number under a text"
        for key, value in predictions.items()
        if not isinstance(key, str) or not _number(value)
    ]


def _form(one: object, number: int) -> list[str]:
    """Wrong types; nothing else can be looked at while there are some."""
    if not isinstance(one, Assignment):
        return [f"assignment {number} is {_kind(one)}, not an Assignment"]
    found = [
        f"assignment {number}: {name} is {_kind(getattr(one, name))}, not text"
        for name in _TEXTS
        if not isinstance(getattr(one, name), str)
    ]
    if not _is_row(one.hops):
        found.append(f"assignment {number}: hops is not a tuple of node names")
    if not isinstance(one.replicas, tuple) or not all(_is_row(row) for row in one.replicas):
        found.append(f"assignment {number}: replicas is not a tuple of rows, each a tuple of node names")
    if not isinstance(one.thresholds, tuple):
        found.append(f"assignment {number}: thresholds is {_kind(one.thresholds)}, not a tuple of numbers")
    return found


def _is_row(row: object) -> bool:
    return isinstance(row, tuple) and all(isinstance(hop, str) for hop in row)


def _content(one: Assignment, known: _Known) -> list[str]:
    where = f"{one.service}/{one.device}"
    service = known.services.get(one.service)
    if service is None:
        return [f"{where}: unknown service {one.service!r}, there are {_names(known.services)}"]
    if one.device not in service.rate_per_s:
        return [f"{where}: {one.device!r} sends no requests to {one.service}"]
    variants = {variant.name: variant for variant in service.workload.variants}
    found = _hops(one, known) + _closed(one, service, known)
    if one.variant not in variants:
        found.append(f"unknown variant {one.variant!r}, there are {_names(variants)}")
    else:
        found += _lengths(one, variants[one.variant])
    found += [
        f"threshold {t!r} is not an int or float in [0, 2]" for t in one.thresholds if not (_number(t) and 0 <= t <= 2)
    ]
    found += _queueing(one)
    if one.wire not in WIRES:
        found.append(f"unknown wire {one.wire!r}, allowed are {_names(WIRES)}")
    if one.fallback not in FALLBACKS:
        found.append(f"unknown fallback {one.fallback!r}, allowed are {_names(FALLBACKS)}")
    if not (_number(one.admit) and 0 <= one.admit <= 1):
        found.append(f"admit {one.admit!r} is not a share from 0 to 1")
    if one.otherwise not in OTHERWISE:
        found.append(f"unknown otherwise {one.otherwise!r}, allowed are {_names(OTHERWISE)}")
    is_needed = one.fallback == "local" or one.otherwise == "degrade"
    if is_needed and one.fallback_variant and one.fallback_variant not in variants:
        found.append(f"unknown fallback variant {one.fallback_variant!r}, there are {_names(variants)}")
    return [f"{where}: {text}" for text in found]


def _queueing(one: Assignment) -> list[str]:
    """What is wrong with how requests wait for a core and run together."""
    found = []
    if not (_whole(one.batch) and 1 <= one.batch <= MOST_BATCH):
        found.append(f"batch {one.batch!r} is not an int from 1 to {MOST_BATCH}")
    elif one.batch == 1 and one.batch_wait_ms != 0:
        found.append(f"batch_wait_ms {one.batch_wait_ms!r} with batch 1: nobody else is waited for")
    if not (_number(one.batch_wait_ms) and 0 <= one.batch_wait_ms <= MOST_BATCH_WAIT_MS):
        found.append(f"batch_wait_ms {one.batch_wait_ms!r} is not an int or float in [0, {MOST_BATCH_WAIT_MS:g}]")
    if not (_whole(one.priority) and abs(one.priority) <= MOST_PRIORITY):
        found.append(f"priority {one.priority!r} is not an int from -{MOST_PRIORITY} to {MOST_PRIORITY}")
    return found


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _lengths(one: Assignment, variant: Variant) -> list[str]:
    stages = len(variant.stages)
    found = []
    if len(one.hops) != stages:
        found.append(f"{len(one.hops)} hops for the {stages} stages of {variant.name}")
    found += [
        f"replica {number} has {len(row)} hops for the {stages} stages of {variant.name}"
        for number, row in enumerate(one.replicas, 1)
        if len(row) != stages
    ]
    if len(one.thresholds) != stages - 1:
        found.append(f"{len(one.thresholds)} thresholds for the {stages - 1} early exits of {variant.name}")
    found += [
        f"threshold {threshold!r} after stage {index} of {variant.name}, which has no exit: only more than 1 goes"
        for index, (threshold, point) in enumerate(zip(one.thresholds, variant.exits, strict=False))
        if not point.exists and _number(threshold) and threshold <= 1
    ]
    return found


def _hops(one: Assignment, known: _Known) -> list[str]:
    if ANYWHERE in one.nodes:
        return _anywhere(one, known)
    unknown = [hop for hop in one.nodes if hop not in known.island]
    if unknown:
        return [f"unknown node {hop!r}" for hop in unknown]
    ways = (pair for row in one.rows for pair in zip((one.device, *row), row, strict=False))
    pairs = dict.fromkeys((a, b) for a, b in ways if a != b)
    return [f"no path from {a} to {b}" for a, b in pairs if known.island[a] != known.island[b]]


def _closed(one: Assignment, service: ServiceView, known: _Known) -> list[str]:
    """Nodes that others own and don't share with the service's domain."""
    whose = f"services of domain {service.domain}" if service.domain else "services without a domain"
    nodes = [known.nodes[hop] for hop in one.nodes if hop in known.nodes]
    return [f"{node.name} is closed to {whose}" for node in nodes if not node.admits(service.domain)]


def _anywhere(one: Assignment, known: _Known) -> list[str]:
    if one.replicas:
        return [f"{ANYWHERE} and replicas don't go together: Kubernetes has one replica for each device sent there"]
    if not known.has_cluster:
        return [f"{ANYWHERE} means where Kubernetes places a replica, and this testbed has no cluster"]
    return [] if set(one.hops) == {ANYWHERE} else [f"{ANYWHERE} goes for all stages, or for none"]


def _islands(topology: Topology) -> dict[str, int]:
    found: dict[str, int] = {}
    for number, node in enumerate(topology.nodes):
        if node.name not in found:
            found.update(dict.fromkeys(routes_from(topology.links, node.name), number))
    return found


def _coverage(assignments: list[Assignment], view: View) -> list[str]:
    """Each device of each service needs exactly one assignment."""
    seen: dict[tuple[str, str], int] = {}
    for one in assignments:
        seen[one.service, one.device] = seen.get((one.service, one.device), 0) + 1
    asked = [(service.name, device) for service in view.services for device in service.rate_per_s]
    found = [f"{service}/{device}: no assignment" for service, device in asked if (service, device) not in seen]
    return found + [f"{s}/{d}: {count} assignments, not one" for (s, d), count in seen.items() if count > 1]


def _names(names: Mapping[str, object] | tuple[str, ...]) -> str:
    return ", ".join(sorted(names)) or "none"
