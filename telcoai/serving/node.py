"""A node's answer to inference requests: from clients (services and whole variants) and from other hops."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from telcoai.model.admission import is_admitted
from telcoai.model.jpeg import most_bytes
from telcoai.model.plan import ANYWHERE, Assignment
from telcoai.model.turns import turn_of
from telcoai.serving import forwarding, routes
from telcoai.serving.catalog import CONFIDENCE, JPEG_FRAME, PREDICTION, SAMPLE, Catalog, input_spec
from telcoai.serving.config import NodeConfig, VariantConfig
from telcoai.serving.forwarding import Forwarder
from telcoai.serving.inference import Inference, read_inference, scalar, write_inference
from telcoai.serving.jobs import Answer, Job
from telcoai.serving.ledger import Ledger
from telcoai.serving.plans import NodePlan
from telcoai.serving.refusals import Dropped, Refused
from telcoai.serving.routes import Route, Routes, local_route, routes_of
from telcoai.serving.samples import Samples
from telcoai.serving.server import Request, Response
from telcoai.serving.stages import StageRunner
from telcoai.serving.stats import Stats
from telcoai.serving.switchover import Switchover
from telcoai.serving.tensors import Spec, Tensor

DEVICE, FALLBACK = "telcoai-device", "telcoai-fallback"
DEADLINE = "telcoai-deadline"
"""A client's deadline on the device's CLOCK_MONOTONIC, in nanoseconds."""
FORWARDED = Inference(None, {}, {}, False)


class Node:
    """Serves inference requests under the plan in force."""

    def __init__(self, config: NodeConfig, runner: StageRunner, forwarder: Forwarder, stats: Stats) -> None:
        self.catalog = Catalog(config)
        self.plan: NodePlan = {}
        self._planned: dict[str, tuple[Route, ...]] = {}
        self._switchover: Switchover | None = None
        self.samples = Samples()
        self._config = config
        self._routes = Routes(config)
        self._runner = runner
        self._forwarder = forwarder
        self._stats = stats

    def switch_by(self, switchover: Switchover) -> None:
        """Let plans come into force as their stages are loaded."""
        self._switchover = switchover

    def put_plan(self, plan: NodePlan) -> None:
        """Serve by another plan, each service once its stages are loaded; requests under way keep their routes."""
        for service in [name for name in self.plan if name not in plan]:
            del self.plan[service], self._planned[service]
            if self._switchover is not None:
                self._switchover.drop(service)
        for service, one in plan.items():
            if self._switchover is None:
                self.put(one)
            else:
                self._switchover.begin(one, self.plan.get(service))

    def put(self, one: Assignment) -> None:
        """An assignment is in force from now on."""
        self._planned[one.service] = routes_of(one)
        self.plan[one.service] = one

    @property
    def pending(self) -> int:
        """Assignments that aren't in force yet, since their stages are still being loaded."""
        return 0 if self._switchover is None else self._switchover.pending

    async def infer(self, model: str, request: Request, ledger: Ledger) -> Response:
        """Answer one request; Refused when it is not served."""
        inference = read_inference(request.body, request.headers.get("inference-header-content-length"))
        if routes.HEADER in request.headers:
            return await self._as_hop(model, request, inference, ledger)
        if model in self.catalog.services:
            return await self._as_service(model, request, inference, ledger)
        if model not in self.catalog.variants:
            raise Refused(404, f"unknown model '{model}'")
        return await self._as_variant(model, request, inference, ledger)

    async def _as_hop(self, model: str, request: Request, inference: Inference, ledger: Ledger) -> Response:
        route = self._routes.read(request.headers[routes.HEADER], model)
        variant = self.catalog.variants[model]
        job = Job(route, ledger, sample=_number(request, forwarding.SAMPLE), deadline_ns=_hop_deadline(request))
        if route.stage == 0 and self._config.sends_jpeg(route.service):
            job.jpeg = _only_jpeg(inference, variant.input_size)
        elif route.stage == 0:
            job.frame = _only_input(inference, input_spec(variant)).array()[0]
        else:
            job.activation = _only_input(inference, _activation_spec(variant, route)).array().tobytes()
        answer = await self._serve(job)
        return self._reply(model, route, FORWARDED, answer)

    async def _as_variant(self, model: str, request: Request, inference: Inference, ledger: Ledger) -> Response:
        variant = self.catalog.variants[model]
        route = local_route("", self._config.node, model, len(variant.stages))
        tensor = _only_input(inference, input_spec(variant))
        job = Job(route, ledger, frame=tensor.array()[0], deadline_ns=_deadline(request), has_to_run=True)
        return self._reply(model, route, inference, await self._serve(job))

    async def _as_service(self, service: str, request: Request, inference: Inference, ledger: Ledger) -> Response:
        self._stats.arrivals[service] += 1
        assignment = self._assignment(service, request)
        number = self._stats.arrivals[service] - 1
        route = self._planned[service][turn_of(number, assignment)]
        if not is_admitted(number, assignment.admit):
            route = self._route_of_the_rest(assignment)
        job = Job(route, ledger, sample=_number(request, forwarding.SAMPLE), deadline_ns=_deadline(request))
        self._give_frame(job, inference, assignment)
        dead_hop = ""
        try:
            answer = await self._serve(job)
        except Refused as err:
            if not err.dead_hop or assignment.fallback != "local":
                raise
            dead_hop = err.dead_hop
            route = job.route = self._fallback_route(assignment)
            answer = await self._serve(job)
        self._stats.add_latency(service, (time.monotonic_ns() - request.received_ns) / 1e6)
        response = self._reply(service, route, inference, answer)
        if dead_hop:
            response.headers[FALLBACK] = dead_hop
        return response

    async def _serve(self, job: Job) -> Answer:
        if job.route.hops[job.route.stage] == self._config.node:
            answer = await self._runner.run(job)
            if answer is not None:
                return answer
        return await self._forwarder.forward(job)

    def _assignment(self, service: str, request: Request) -> Assignment:
        device = request.headers.get(DEVICE, self._config.node)
        if device != self._config.node:
            raise Refused(400, f"requests of {device} are not taken on {self._config.node}")
        assignment = self.plan.get(service)
        if assignment is None:
            raise Refused(503, f"no plan for service {service} on {device}")
        return assignment

    def _route_of_the_rest(self, assignment: Assignment) -> Route:
        """The device's own first exit, for a request that isn't admitted; Dropped when it isn't served at all."""
        if assignment.otherwise == "drop":
            raise Dropped(503, f"{assignment.service} admits {assignment.admit:.0%} of requests on {self._config.node}")
        whole = self._fallback_route(assignment)
        return replace(whole, thresholds=(0.0,) * len(whole.thresholds))

    def _fallback_route(self, assignment: Assignment) -> Route:
        name = assignment.fallback_variant or assignment.variant
        stages = len(self.catalog.variants[name].stages)
        return local_route(assignment.service, self._config.node, name, stages, assignment.priority)

    def _give_frame(self, job: Job, inference: Inference, assignment: Assignment) -> None:
        """Take the frame or tensor from the request, or from the sample that it names."""
        variant, service = self.catalog.variants[assignment.variant], assignment.service
        if set(inference.inputs) == {"sample"}:
            tensor = _only_input(inference, SAMPLE)
            job.sample = int(tensor.array()[0, 0])
            job.frame = self.samples.input(self.catalog.workload_of[variant.name].samples, job.sample, variant.tensor)
            return
        tensor = _only_input(inference, self.catalog.service_input(service))
        size = variant.input_size
        if variant.tensor is None and tensor.shape != (1, size, size, 3):
            sizes = {one.name: one.input_size for one in self.catalog.service_variants(service).values()}
            raise Refused(400, f"the frame has to be {size} × {size} pixels for {variant.name} (sizes: {sizes})")
        job.frame = tensor.array()[0]

    def _reply(self, model: str, route: Route, inference: Inference, answer: Answer) -> Response:
        placement = answer.placement if ANYWHERE in route.hops else ",".join(route.hops)
        parameters = {"exit": answer.exit, "variant": route.variant, "placement": placement}
        values = {
            "prediction": (PREDICTION, scalar(answer.prediction, np.int64)),
            "confidence": (CONFIDENCE, scalar(answer.confidence, np.float32)),
        }
        if answer.logits is not None and model in self.catalog.variants:
            values["logits"] = (self.catalog.logits(model), answer.logits)
        return write_inference(model, inference, parameters, values)


def _activation_spec(variant: VariantConfig, route: Route) -> Spec:
    shape = (1, *variant.stages[route.stage - 1].activation_shape)
    return Spec("activation", forwarding.DATATYPES[route.wire], shape)


def _only_input(inference: Inference, spec: Spec) -> Tensor:
    if set(inference.inputs) != {spec.name}:
        raise Refused(400, f"inputs are {', '.join(inference.inputs)}; the model takes {spec.name}")
    tensor = inference.inputs[spec.name]
    tensor.check(spec)
    return tensor


def _only_jpeg(inference: Inference, size: int) -> bytes:
    """The frame's JPEG, not looked into yet."""
    found: bytes = _only_input(inference, JPEG_FRAME).array()[0]
    if not 0 < len(found) <= most_bytes(size):
        raise Refused(400, f"input 'frame' is a JPEG of {len(found)} bytes; 1 to {most_bytes(size)} are taken")
    return found


def _number(request: Request, name: str) -> int | None:
    text = request.headers.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        raise Refused(400, f"{name} has to be a whole number")
    return int(text)


def _deadline(request: Request) -> int | None:
    return _number(request, DEADLINE)


def _hop_deadline(request: Request) -> int | None:
    """When the time runs out, on this node's clock, that the hop before has left of it."""
    left_ns = _number(request, forwarding.REMAINING)
    return None if left_ns is None else request.received_ns + left_ns
