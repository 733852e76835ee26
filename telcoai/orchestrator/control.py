"""Talking to node runtimes over their control interfaces, many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from telcoai.adapters.unix_http import request_json
from telcoai.errors import NodeError
from telcoai.model.plan import Assignment, Plan
from telcoai.orchestrator.figures import NodeFigures, read_figures

AT_ONCE = 8


class Door(Protocol):
    """The way to the control interface of any node's runtime; any thread may ask."""

    def ask(self, node: str, method: str, target: str, body: object) -> Any:
        """The decoded reply, None when it is empty. NodeError when there is none, or a refusal."""
        ...


class SocketDoor:
    """Control sockets on this machine. ``place`` says where a node's is."""

    def __init__(self, place: Callable[[str], Path], token: str) -> None:
        self._place = place
        self._token = token

    def ask(self, node: str, method: str, target: str, body: object) -> Any:
        """One request over the node's socket."""
        return request_json(self._place(node), method, target, token=self._token, body=body)


class Control:
    """The control interfaces of a deployment."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def is_ready(self, node: str) -> bool:
        """Whether the node's runtime answers that it is ready."""
        try:
            self._ask(node, "GET", "/v2/health/ready", None)
        except NodeError:
            return False
        return True

    def restart(self, nodes: Iterable[str]) -> dict[str, str]:
        """Have runtimes start again; by node the number of the one that ends. NodeError when one doesn't."""
        names = list(nodes)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return dict(zip(names, pool.map(self._restart, names), strict=True))

    def _restart(self, node: str) -> str:
        before = str(self._ask(node, "GET", "/stats", None)["instance"])
        self._ask(node, "POST", "/restart", None)
        return before

    def is_fresh(self, node: str, before: str) -> bool:
        """Whether the node's runtime is ready, and another one than ``before``."""
        try:
            self._ask(node, "GET", "/v2/health/ready", None)
            return self._ask(node, "GET", "/stats", None)["instance"] != before
        except NodeError:
            return False

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
        body = {"assignments": [one.plain() for one in assignments]}
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
        reply: Mapping[str, object] | None = self._door.ask(node, method, target, body)
        return reply or {}


def by_device(plan: Plan | None) -> dict[str, list[Assignment]]:
    """A plan's assignments, grouped by device."""
    grouped: dict[str, list[Assignment]] = {}
    for one in plan.assignments if plan else ():
        grouped.setdefault(one.device, []).append(one)
    return grouped
