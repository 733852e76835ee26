"""From one plan to the next: a service's new assignment is in force once its stages are loaded wherever it needs them.

Until then its requests are served as before. Where a node's memory can't hold old and new together, or a node doesn't
answer, the new assignment is in force at once, and requests wait for the load. So it is too for the first plan.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from telcoai.model.memory import stages_needed
from telcoai.model.plan import Assignment
from telcoai.serving.client import HopDead, Pool
from telcoai.serving.config import NodeConfig
from telcoai.serving.residency import Key, Residency

TIMEOUT_S = 10.0
"""A node that hasn't loaded what it was asked for by then is sent requests all the same."""


class Switchover:
    """Brings assignments into force; ``put`` does so at once."""

    def __init__(self, config: NodeConfig, residency: Residency, pool: Pool, put: Callable[[Assignment], None]) -> None:
        self._config, self._residency, self._pool, self._put = config, residency, pool, put
        self._counts = {name: len(variant.stages) for name, variant in config.variants.items()}
        self._under_way: dict[str, asyncio.Task[None]] = {}

    @property
    def pending(self) -> int:
        """Assignments whose stages are still being loaded."""
        return len(self._under_way)

    def begin(self, one: Assignment, before: Assignment | None) -> None:
        """Have an assignment in force as soon as may be, in place of the one that is (None: there is none)."""
        self.drop(one.service)
        is_bounded = self._residency.is_bounded
        if before is None or one == before or not is_bounded:
            self._put(one)
        if is_bounded and one != before:
            task = asyncio.create_task(self._switch(one, before))
            self._under_way[one.service] = task
            task.add_done_callback(lambda done: self._ended(one.service, done))

    def drop(self, service: str) -> None:
        """Whatever was on its way for a service no longer is."""
        task = self._under_way.pop(service, None)
        if task is not None:
            task.cancel()

    def _ended(self, service: str, task: asyncio.Task[None]) -> None:
        if self._under_way.get(service) is task:
            del self._under_way[service]

    async def _switch(self, one: Assignment, before: Assignment | None) -> None:
        needed = stages_needed(one, self._counts)
        old = stages_needed(before, self._counts) if before is not None else {}
        asked = [asyncio.create_task(self._ask(node, keys, old.get(node, set()))) for node, keys in needed.items()]
        for answer in asyncio.as_completed(asked):
            if not await answer:
                self._put(one)
        self._put(one)

    async def _ask(self, node: str, keys: set[Key], keep: set[Key]) -> bool:
        """Whether all is loaded there; False at once where waiting gains nothing."""
        if node == self._config.node:
            return await self._residency.prepare(sorted(keys), sorted(keep))
        if node not in self._config.peers:
            return False
        body = orjson.dumps({"parameters": {"stages": sorted(keys), "keep": sorted(keep)}})
        headers = {"host": node, "content-type": "application/json"}
        try:
            reply, _ = await self._pool.post(self._config.peers[node], LOAD, headers, body, TIMEOUT_S)
        except HopDead:
            return False
        return reply.start.split(" ")[1:2] == ["200"] and _says_loaded(reply.body)


LOAD = "/telcoai/load"
"""Where nodes ask one another to load stages ahead."""


def _says_loaded(body: bytes) -> bool:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return isinstance(document, dict) and document.get("loaded") is True


def read_load(body: bytes, counts: Mapping[str, int]) -> tuple[list[Key], list[Key]]:
    """The stages to load and those to keep of a request to do so; ValueError says what is wrong with it."""
    document = orjson.loads(body)
    parameters = document.get("parameters") if isinstance(document, dict) else None
    if not isinstance(parameters, dict):
        raise ValueError("a load needs parameters: stages and keep")
    return _keys(parameters.get("stages"), counts), _keys(parameters.get("keep", []), counts)


def _keys(found: Any, counts: Mapping[str, int]) -> list[Key]:
    if not isinstance(found, list) or not all(isinstance(one, list) and len(one) == 2 for one in found):
        raise ValueError("stages and keep are lists of [variant, stage]")
    for variant, stage in found:
        if not isinstance(stage, int) or not 0 <= stage < counts.get(str(variant), 0):
            raise ValueError(f"there is no stage {stage!r} of {variant!r}")
    return [(str(variant), stage) for variant, stage in found]
