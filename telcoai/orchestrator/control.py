"""Talking to node runtimes over their control sockets, many at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from telcoai.adapters.unix_http import request_json
from telcoai.errors import NodeError
from telcoai.model.plan import Assignment, Plan
from telcoai.orchestrator.figures import NodeFigures, read_figures
from telcoai.orchestrator.runtimes import Ground

AT_ONCE = 8


class Control:
    """The control sockets of a deployment."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._token = ground.token_file.read_text()

    def is_ready(self, node: str) -> bool:
        """Whether the node's runtime answers that it is ready."""
        try:
            self._ask(node, "GET", "/v2/health/ready", None)
        except NodeError:
            return False
        return True

    def figures(self, nodes: Iterable[str]) -> dict[str, NodeFigures | None]:
        """A reading of each node; None where it does not answer."""
        names = list(nodes)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return dict(zip(names, pool.map(self._figures, names), strict=True))

    def send(self, parts: Mapping[str, list[Assignment]]) -> dict[str, str]:
        """Give each device its assignments; by device why it did not take them, empty where it did."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return dict(zip(parts, pool.map(self._put, parts, parts.values()), strict=True))

    def _put(self, device: str, assignments: list[Assignment]) -> str:
        body = {"assignments": [dataclasses.asdict(one) for one in assignments]}
        try:
            self._ask(device, "PUT", "/plan", body)
        except NodeError as err:
            return err.message
        return ""

    def _figures(self, node: str) -> NodeFigures | None:
        try:
            return read_figures(self._ask(node, "GET", "/stats", None))
        except NodeError:
            return None

    def _ask(self, node: str, method: str, target: str, body: object) -> Mapping[str, object]:
        reply: Mapping[str, object] = request_json(
            self._ground.control(node), method, target, token=self._token, body=body
        )
        return reply or {}


def by_device(plan: Plan | None) -> dict[str, list[Assignment]]:
    """A plan's assignments, grouped by device."""
    grouped: dict[str, list[Assignment]] = {}
    for one in plan.assignments if plan else ():
        grouped.setdefault(one.device, []).append(one)
    return grouped
