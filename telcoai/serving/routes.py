"""The route that travels with a request between nodes, and whether it makes sense."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from telcoai.model.plan import ANYWHERE, MOST_BATCH, MOST_BATCH_WAIT_MS, MOST_PRIORITY, Assignment
from telcoai.serving.config import NodeConfig
from telcoai.serving.refusals import Refused

HEADER = "telcoai-route"
MAX_BYTES = 2048
Threshold = Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)]
Batch = Annotated[int, Field(ge=1, le=MOST_BATCH)]
BatchWait = Annotated[float, Field(ge=0, le=MOST_BATCH_WAIT_MS, allow_inf_nan=False)]
Priority = Annotated[int, Field(ge=-MOST_PRIORITY, le=MOST_PRIORITY)]

_DEFAULTS = {"batch": 1, "batch_wait_ms": 0.0, "priority": 0}


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes: ``stage`` is the next to run; ``scale`` belongs to the activation that comes along.

    ``replayed``: an earlier stage was replayed, so the activation has no content and later ones are replayed too.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    service: str
    device: str
    variant: str
    stage: Annotated[int, Field(ge=0)]
    hops: tuple[str, ...]
    thresholds: tuple[Threshold, ...]
    wire: Literal["fp16", "int8"]
    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    replayed: bool = False
    batch: Batch = 1
    batch_wait_ms: BatchWait = 0.0
    priority: Priority = 0

    def moved_to(self, stage: int, scale: float, replayed: bool) -> Route:
        """The route with another stage next."""
        fixed = (self.hops, self.thresholds, self.wire)
        queueing = (self.batch, self.batch_wait_ms, self.priority)
        return Route(self.service, self.device, self.variant, stage, *fixed, scale, replayed, *queueing)


class Routes:
    """Reads and writes route headers for one node."""

    def __init__(self, config: NodeConfig) -> None:
        self._node = config.node
        self._nodes = {config.node, *config.peers}
        self._is_replica = config.is_replica
        self._variants = config.variants
        self._form = TypeAdapter(Route)

    def read(self, header: str, variant: str) -> Route:
        """The route of a header; Refused(400) when it makes no sense here."""
        if len(header) > MAX_BYTES:
            raise Refused(400, f"{HEADER} is longer than {MAX_BYTES} bytes")
        try:
            route = self._form.validate_json(header)
        except ValidationError as err:
            first = err.errors(include_url=False)[0]
            raise Refused(400, f"{HEADER}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from err
        if self._is_replica:
            route = replace(route, hops=tuple(self._node if hop == ANYWHERE else hop for hop in route.hops))
        self._check(route, variant)
        return route

    def write(self, route: Route) -> str:
        """The header of a route; batching and priority are in it only where they are asked for."""
        plain = {name for name, value in _DEFAULTS.items() if getattr(route, name) == value}
        return self._form.dump_json(route, exclude=plain).decode()

    def _check(self, route: Route, variant: str) -> None:
        known = self._variants.get(variant)
        if known is None or route.variant != variant:
            raise Refused(400, f"{HEADER}: its variant {route.variant!r} is not the model {variant!r} asked for")
        stages = len(known.stages)
        if len(route.hops) != stages or len(route.thresholds) != stages - 1 or route.stage >= stages:
            raise Refused(400, f"{HEADER}: hops, thresholds or stage don't fit the {stages} stages of {variant}")
        unknown = set(route.hops) - self._nodes
        if unknown:
            raise Refused(400, f"{HEADER}: unknown node {min(unknown)!r}")
        if route.hops[route.stage] != self._node:
            raise Refused(400, f"{HEADER}: stage {route.stage} is for {route.hops[route.stage]}, not {self._node}")


def routes_of(assignment: Assignment) -> tuple[Route, ...]:
    """The routes that requests of an assignment take in turn, one for each row of hops."""
    return tuple(_route_of(assignment, row) for row in assignment.rows)


def _route_of(assignment: Assignment, hops: tuple[str, ...]) -> Route:
    return Route(
        service=assignment.service,
        device=assignment.device,
        variant=assignment.variant,
        stage=0,
        hops=hops,
        thresholds=assignment.thresholds,
        wire="int8" if assignment.wire == "int8" else "fp16",
        batch=assignment.batch,
        batch_wait_ms=assignment.batch_wait_ms,
        priority=assignment.priority,
    )


def local_route(service: str, node: str, variant: str, stages: int, priority: int = 0) -> Route:
    """A whole variant on this node, with no early exit."""
    return Route(service, node, variant, 0, (node,) * stages, (2.0,) * (stages - 1), "fp16", priority=priority)
