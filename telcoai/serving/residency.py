"""Stages in a node's memory: loaded when they are asked for, and the least recently used go where memory is short.

A load takes as long as the node's profile says, one after the other, beside the cores (storage gives the bytes, and a
core of the system makes the session; requests keep the cores that they have). A stage that has to go takes no new
requests, and goes once those that it has are through.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from telcoai.model.memory import DRAIN_S
from telcoai.serving.config import NodeConfig
from telcoai.serving.pacer import Pacer
from telcoai.serving.refusals import Refused
from telcoai.serving.stage_runs import Sessions

Key = tuple[str, int]
"""Variant and number of the stage."""

KEPT = 512
"""Latest loads and unloads that are told."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A stage that was ``loaded`` or ``unloaded``: when, by the node's monotonic clock, how long that took, and its
    bytes."""

    kind: str
    variant: str
    stage: int
    at_ns: int
    ms: float
    bytes: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where stages come from: ``open`` makes one ready (blocking, for a thread), ``close`` lets it go."""

    open: Callable[[str, int], object]
    close: Callable[[str, int], None]


def shelf_of(config: NodeConfig, sessions: Sessions) -> Shelf:
    """Stages from their files, as sessions."""
    variants = config.variants
    return Shelf(
        open=lambda variant, stage: sessions.load(variants[variant].stages[stage].path),
        close=lambda variant, stage: sessions.unload(variants[variant].stages[stage].path),
    )


class Residency:
    """What is loaded; nothing is ever loaded or let go where the node's memory isn't told."""

    def __init__(self, config: NodeConfig, shelf: Shelf, pacer: Pacer) -> None:
        self._node, self._memory = config.node, config.memory_bytes
        self._variants = config.variants
        self._paced = config.paced
        self._shelf, self._pacer = shelf, pacer
        self._held: OrderedDict[Key, None] = OrderedDict()
        self._in_use: Counter[Key] = Counter()
        self._closing: set[Key] = set()
        self._turn, self._released = asyncio.Lock(), asyncio.Event()
        self._ahead: set[asyncio.Task[None]] = set()
        self._moved: deque[Moved] = deque(maxlen=KEPT)
        self.loads = 0

    @property
    def is_bounded(self) -> bool:
        """Whether stages are loaded as they are needed; else all of them always are."""
        return self._memory is not None

    async def hold(self, keys: Sequence[Key]) -> None:
        """Return once all are loaded; they stay until ``release``. Refused(503) when they never fit together."""
        if self._memory is None:
            return
        while missing := [key for key in keys if not self._serves(key)]:
            await self._load(missing, keys)
        for key in keys:
            self._held.move_to_end(key)
            self._in_use[key] += 1

    def release(self, keys: Sequence[Key]) -> None:
        """Whoever held them is done."""
        if self._memory is None:
            return
        self._in_use.subtract(keys)
        self._released.set()

    async def prepare(self, keys: Sequence[Key], keep: Sequence[Key]) -> bool:
        """Load ahead of requests. True once all are there; False at once where memory can't hold them beside ``keep``,
        which serves meanwhile, or that isn't there: then nothing is gained by waiting."""
        if self._memory is None:
            return True
        fits = self._bytes({*keys, *keep}) <= self._memory
        loading = asyncio.create_task(self._load_ahead(keys, {*keys, *keep} if fits else keys, fits))
        self._ahead.add(loading)
        loading.add_done_callback(self._ahead.discard)
        if not fits or not all(self._serves(key) for key in keep):
            return False
        await asyncio.shield(loading)
        return True

    def document(self) -> dict[str, Any]:
        """What is loaded, least recently used first, the bytes that are free (None: not bounded), and what moved."""
        free = None if self._memory is None else self._memory - self._bytes(self._held)
        return {
            "resident": [list(key) for key in self._held],
            "free": free,
            "moved": [asdict(one) for one in self._moved],
        }

    def _serves(self, key: Key) -> bool:
        return key in self._held and key not in self._closing

    def _bytes(self, keys: Iterable[Key]) -> int:
        return sum(self._size(key) for key in keys)

    def _size(self, key: Key) -> int:
        sizes = self._variants[key[0]].stage_bytes
        return sizes[key[1]] if sizes else 0

    async def _load_ahead(self, keys: Sequence[Key], keep: Iterable[Key], fits: bool) -> None:
        """Before anything goes that others still use, they get a moment to hear of the new plan."""
        if not fits:
            await asyncio.sleep(DRAIN_S)
        try:
            await self._load(keys, keep)
        except Refused:  # the first request that needs it is told
            return

    async def _load(self, keys: Iterable[Key], keep: Iterable[Key]) -> None:
        """One after the other, and nobody else's in between."""
        async with self._turn:
            for key in keys:
                if key not in self._held:
                    await self._make_room(key, {*keep})
                    await self._bring(key)

    async def _bring(self, key: Key) -> None:
        started_ns = time.monotonic_ns()
        variant = self._variants[key[0]]
        if variant.compute[key[1]] == "run":
            await asyncio.get_running_loop().run_in_executor(None, self._shelf.open, *key)
        if self._paced and variant.load_s is not None:
            due_ns = started_ns + round(variant.load_s[key[1]] * 1e9)
            await self._pacer.until(due_ns, time.monotonic_ns())
        self._held[key] = None
        self.loads += 1
        self._note("loaded", key, time.monotonic_ns() - started_ns)

    async def _make_room(self, key: Key, keep: set[Key]) -> None:
        assert self._memory is not None
        while self._bytes(self._held) + self._size(key) > self._memory:
            victim = next((one for one in self._held if one not in keep), None)
            if victim is None:
                raise Refused(503, f"{self._node} has no memory for stage {key[1]} of {key[0]}")
            await self._unload(victim)

    async def _unload(self, key: Key) -> None:
        started_ns = time.monotonic_ns()
        self._closing.add(key)
        try:
            while self._in_use[key] > 0:
                self._released.clear()
                await self._released.wait()
            self._shelf.close(*key)
            del self._held[key]
        finally:
            self._closing.discard(key)
        self._note("unloaded", key, time.monotonic_ns() - started_ns)

    def _note(self, kind: str, key: Key, took_ns: int) -> None:
        self._moved.append(Moved(kind, *key, time.monotonic_ns(), took_ns / 1e6, self._size(key)))
