"""The plan of a node: which assignment serves each of its services."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from telcoai.model.plan import Assignment
from telcoai.serving.config import NodeConfig
from telcoai.serving.refusals import Refused
from telcoai.serving.routes import Batch, BatchWait, Priority, Threshold

FORM = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, config=FORM)
class AssignmentForm:
    """An assignment as it comes over the control socket."""

    service: str
    device: str
    variant: str
    hops: tuple[str, ...]
    thresholds: tuple[Threshold, ...]
    wire: Literal["fp16", "int8"] = "fp16"
    fallback: Literal["local", "fail"] = "local"
    fallback_variant: str = ""
    admit: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 1.0
    otherwise: Literal["drop", "degrade"] = "drop"
    batch: Batch = 1
    batch_wait_ms: BatchWait = 0.0
    priority: Priority = 0
    replicas: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, config=FORM)
class PlanForm:
    """A plan as it comes over the control socket."""

    assignments: Annotated[tuple[AssignmentForm, ...], Field(max_length=100_000)]


NodePlan = dict[str, Assignment]
"""Assignment by service."""


def read_plan(body: bytes, config: NodeConfig) -> NodePlan:
    """The part of a plan that is this node's; Refused(400) with every reason when that part makes no sense."""
    try:
        form = TypeAdapter(PlanForm).validate_json(body)
    except ValidationError as err:
        reasons = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in err.errors(include_url=False)]
        raise Refused(400, "; ".join(reasons)) from err
    plan: NodePlan = {}
    reasons = []
    for one in form.assignments:
        if one.device != config.node:
            continue
        reasons += _reasons(one, config)
        if one.service in plan:
            reasons.append(f"{one.service}: two assignments for {one.device}")
        plan[one.service] = Assignment(**{field.name: getattr(one, field.name) for field in dataclasses.fields(one)})
    if reasons:
        raise Refused(400, "; ".join(reasons))
    return plan


def write_plan(plan: NodePlan) -> dict[str, Any]:
    """The plan in the form in which it came."""
    return {"assignments": [one.plain() for one in plan.values()]}


def _reasons(one: AssignmentForm, config: NodeConfig) -> list[str]:
    workload = config.workloads.get(config.services.get(one.service, ""))
    if workload is None:
        return [f"{one.service}: unknown service"]
    variants = {variant.name: variant for variant in workload.variants}
    rows, known = (one.hops, *one.replicas), {config.node, *config.peers}
    reasons = [f"{one.service}: unknown hop {hop!r}" for row in rows for hop in row if hop not in known]
    is_needed = one.fallback == "local" or one.otherwise == "degrade"
    if is_needed and one.fallback_variant and one.fallback_variant not in variants:
        reasons.append(f"{one.service}: unknown fallback_variant {one.fallback_variant!r}")
    variant = variants.get(one.variant)
    if variant is None:
        return [*reasons, f"{one.service}: unknown variant {one.variant!r}"]
    stages = len(variant.stages)
    reasons += [f"{one.service}: {len(row)} hops for {stages} stages" for row in rows if len(row) != stages]
    if len(one.thresholds) != stages - 1:
        reasons.append(f"{one.service}: {len(one.thresholds)} thresholds for {stages - 1} early exits")
    reasons += [
        f"{one.service}: threshold {threshold:g} after stage {index}, which has no exit: only more than 1 goes"
        for index, (threshold, stage) in enumerate(zip(one.thresholds, variant.stages, strict=False))
        if not stage.has_exit and threshold <= 1
    ]
    return reasons
