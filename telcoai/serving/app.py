"""From a request's method and target to what answers it."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import orjson

from telcoai.serving import compression, forwarding, switchover
from telcoai.serving.catalog import VERSION, server_metadata
from telcoai.serving.config import NodeConfig
from telcoai.serving.http import Limits
from telcoai.serving.ledger import Ledger
from telcoai.serving.node import Node
from telcoai.serving.plans import read_plan, write_plan
from telcoai.serving.refusals import Dropped, Refused
from telcoai.serving.residency import Residency
from telcoai.serving.server import Request, Response, error_response
from telcoai.serving.stats import Stats

JSON = {"content-type": "application/json"}
PROMETHEUS = {"content-type": "text/plain; version=0.0.4; charset=utf-8"}
DROPPED = "telcoai-dropped"
"""Beside a 503: the plan in force doesn't admit the request."""
GUARDED = ("/plan", "/stats", "/restart")


class App:
    """Answers every request of a node.

    ``restart`` is called when it is asked to start again; requests under way still get their answers.
    """

    def __init__(
        self,
        config: NodeConfig,
        token: str,
        node: Node,
        stats: Stats,
        residency: Residency,
        restart: Callable[[], None],
    ) -> None:
        self.is_ready = False
        self._config = config
        self._token = token.encode()
        self._node = node
        self._stats = stats
        self._residency = residency
        self._counts = {name: len(variant.stages) for name, variant in config.variants.items()}
        self._restart = restart
        self._limits = Limits()
        self._answers: dict[tuple[str, str], Callable[[], Response]] = {
            ("GET", "/v2"): lambda: _json(server_metadata()),
            ("GET", "/v2/health/live"): lambda: Response(200, b""),
            ("GET", "/v2/health/ready"): self._ready,
            ("POST", "/v2/repository/index"): self._index,
            ("GET", "/metrics"): lambda: Response(200, stats.prometheus().encode(), dict(PROMETHEUS)),
            ("GET", "/stats"): lambda: _json(stats.document() | {"pending": node.pending}),
            ("GET", "/plan"): lambda: _json(write_plan(node.plan)),
            ("POST", "/restart"): self._start_again,
        }

    async def __call__(self, request: Request) -> Response:
        """Answer one request, whatever it is."""
        path = request.target.partition("?")[0]
        try:
            if path.startswith("/v2/models/"):
                return await self._model(path, request)
            return await self._fixed(path.rstrip("/"), request)
        except Refused as err:
            return error_response(err.status, err.message)

    async def _fixed(self, path: str, request: Request) -> Response:
        if path in GUARDED:
            self._check_token(request)
        if (request.method, path) == ("PUT", "/plan"):
            return await self._put_plan(request)
        if (request.method, path) == ("POST", switchover.LOAD):
            return await self._load(request)
        answer = self._answers.get((request.method, path))
        if answer is not None:
            return answer()
        if any(known == path for _, known in self._answers):
            raise Refused(405, f"{path} does not take this method")
        raise Refused(404, f"there is nothing at {path}")

    async def _model(self, path: str, request: Request) -> Response:
        parts = [unquote(part) for part in path.split("/")[3:]]
        name, rest = parts[0], parts[1:]
        if rest[:1] == ["versions"] and len(rest) >= 2:
            if rest[1] != VERSION:
                raise Refused(404, f"model '{name}' has version {VERSION} only")
            rest = rest[2:]
        if rest == ["infer"] and request.method == "POST":
            return await self._infer(name, request)
        if name not in self._node.catalog:
            raise Refused(404, f"unknown model '{name}'")
        if rest not in ([], ["ready"], ["infer"]):
            raise Refused(404, f"there is nothing at {path}")
        if rest == ["infer"] or request.method != "GET":
            raise Refused(405, f"{path} does not take this method")
        return self._model_ready(name) if rest else _json(self._node.catalog.metadata(name))

    async def _infer(self, model: str, request: Request) -> Response:
        ledger = Ledger(self._config.node)
        try:
            coding = request.headers.get("content-encoding")
            if coding is not None:
                request.body = compression.decompress(request.body, coding, self._limits.body_bytes)
            response = await self._node.infer(model, request, ledger)
            self._compress(request, response)
        except Refused as err:
            response = error_response(err.status, err.message)
            if err.dead_hop:
                response.headers[forwarding.DEAD_HOP] = err.dead_hop
            if isinstance(err, Dropped):
                response.headers[DROPPED] = "1"
        self._stats.answers[response.status] += 1
        response.headers.update(ledger.headers(time.monotonic_ns() - request.received_ns))
        return response

    def _compress(self, request: Request, response: Response) -> None:
        accepted = request.headers.get("accept-encoding")
        if accepted is not None:
            response.body, coding = compression.compress(response.body, accepted)
            if coding:
                response.headers["content-encoding"] = coding

    def _model_ready(self, name: str) -> Response:
        if name in self._node.catalog.services and name not in self._node.plan:
            raise Refused(503, f"no plan for service {name} on {self._config.node}")
        return Response(200, b"")

    def _ready(self) -> Response:
        if not self.is_ready:
            raise Refused(503, f"{self._config.node} is still loading its models")
        return Response(200, b"")

    def _index(self) -> Response:
        names = self._node.catalog.names()
        return _json([{"name": name, "version": VERSION, "state": "READY", "reason": ""} for name in names])

    async def _put_plan(self, request: Request) -> Response:
        """Swap the plan at once, after what it needs has been read; requests under way keep their routes."""
        plan = read_plan(request.body, self._config)
        for one in plan.values():
            path = self._node.catalog.workload_of[one.variant].samples
            if path is not None:
                await asyncio.to_thread(self._node.samples.load, path, self._config.variants[one.variant].tensor)
        self._node.put_plan(plan)
        return _json({"services": sorted(plan)})

    async def _load(self, request: Request) -> Response:
        """Load stages ahead of the requests that will need them; the reply says whether they are there."""
        try:
            keys, keep = switchover.read_load(request.body, self._counts)
        except ValueError as err:
            raise Refused(400, str(err)) from err
        return _json({"loaded": await self._residency.prepare(keys, keep)})

    def _start_again(self) -> Response:
        self._restart()
        return Response(202, b"")

    def _check_token(self, request: Request) -> None:
        """The token comes as a bearer's, or in a header of its own, since some proxies keep ``authorization``."""
        bearer = request.headers.get("authorization", "").encode()
        plain = request.headers.get("telcoai-token", "").encode()
        is_bearer = hmac.compare_digest(bearer, b"Bearer " + self._token)
        if not hmac.compare_digest(plain, self._token) and not is_bearer:
            raise Refused(401, "this needs the testbed's token")


def _json(document: Any) -> Response:
    return Response(200, orjson.dumps(document), dict(JSON))
