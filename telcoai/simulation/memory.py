"""A simulated node's memory: stages come and go in it as in a runtime's (``telcoai.serving.residency``)."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from telcoai.model.memory import DRAIN_S, load_seconds, stage_bytes
from telcoai.model.topology import DeviceProfile
from telcoai.model.workload import WorkloadInfo
from telcoai.serving.residency import Moved
from telcoai.simulation.events import Cores, Events, Process

Key = tuple[str, int]
POLL_S = 0.001
"""How often it is looked whether a stage that has to go is still in use."""

KEPT = 512


class NoRoom(Exception):
    """The stages of a request don't fit the node's memory together."""


@dataclass(frozen=True)
class Catalogue:
    """What each stage takes of memory, and of time to load on one kind of node; ``memory``: bytes, None: no bound."""

    memory: int | None
    sizes: Mapping[Key, int]
    seconds: Mapping[Key, float]


def catalogue(memory: int, profile: DeviceProfile, workloads: Iterable[WorkloadInfo]) -> Catalogue:
    """All stages of some workloads on a node."""
    variants = [variant for workload in workloads for variant in workload.variants]
    stages = [(variant, stage.index) for variant in variants for stage in variant.stages]
    return Catalogue(
        memory if stages else None,
        {(variant.name, stage): stage_bytes(variant, stage) for variant, stage in stages},
        {(variant.name, stage): load_seconds(profile, variant, stage) for variant, stage in stages},
    )


class SimulatedMemory:
    """What is loaded on one node."""

    def __init__(self, known: Catalogue, events: Events) -> None:
        self._known, self._events = known, events
        self._held: OrderedDict[Key, None] = OrderedDict()
        self._in_use: Counter[Key] = Counter()
        self._closing: set[Key] = set()
        self._turn = Cores(1, events)
        self.moved: deque[Moved] = deque(maxlen=KEPT)

    @property
    def resident(self) -> tuple[Key, ...]:
        """Least recently used first."""
        return tuple(self._held)

    @property
    def free(self) -> int | None:
        """Bytes that are left; None: not bounded."""
        return None if self._known.memory is None else self._known.memory - self._bytes(self._held)

    def fill(self, keys: Iterable[Key]) -> None:
        """Have stages there, as before a run begins."""
        self._held.update(dict.fromkeys(keys))

    def hold(self, keys: Sequence[Key]) -> Process:
        """Go on once all are loaded; they stay until ``release``. NoRoom when they never fit together."""
        if self._known.memory is None:
            return
        while missing := [key for key in keys if not self._serves(key)]:
            yield from self._load(missing, {*keys})
        for key in keys:
            self._held.move_to_end(key)
            self._in_use[key] += 1

    def release(self, keys: Sequence[Key]) -> None:
        """Whoever held them is done."""
        if self._known.memory is not None:
            self._in_use.subtract(keys)

    def prepare(self, keys: Sequence[Key], keep: Sequence[Key], answer: Callable[[bool], None]) -> None:
        """Load ahead of requests. The answer is True once all are there, False at once where waiting gains nothing."""
        if self._known.memory is None:
            answer(True)
            return
        fits = self._bytes({*keys, *keep}) <= self._known.memory
        is_served = fits and all(self._serves(key) for key in keep)
        loading = self._load_ahead(keys, {*keys, *keep} if fits else {*keys}, fits, answer if is_served else None)
        if not is_served:
            answer(False)
        self._events.start(loading)

    def _load_ahead(
        self, keys: Sequence[Key], keep: set[Key], fits: bool, answer: Callable[[bool], None] | None
    ) -> Process:
        if not fits:
            yield self._events.now_s + DRAIN_S
        with suppress(NoRoom):  # the first request that needs it is told
            yield from self._load(keys, keep)
        if answer is not None:
            answer(True)

    def _serves(self, key: Key) -> bool:
        return key in self._held and key not in self._closing

    def _bytes(self, keys: Iterable[Key]) -> int:
        return sum(self._known.sizes[key] for key in keys)

    def _load(self, keys: Iterable[Key], keep: set[Key]) -> Process:
        yield from self._turn.take()
        try:
            for key in keys:
                if key not in self._held:
                    yield from self._make_room(key, keep)
                    yield self._events.now_s + self._known.seconds[key]
                    self._held[key] = None
                    self._note("loaded", key, self._known.seconds[key])
        finally:
            self._turn.give(0.0)

    def _make_room(self, key: Key, keep: set[Key]) -> Process:
        while (self.free or 0) < self._known.sizes[key]:
            victim = next((one for one in self._held if one not in keep), None)
            if victim is None:
                raise NoRoom
            yield from self._unload(victim)

    def _unload(self, key: Key) -> Process:
        since_s = self._events.now_s
        self._closing.add(key)
        while self._in_use[key] > 0:
            yield self._events.now_s + POLL_S
        del self._held[key]
        self._closing.discard(key)
        self._note("unloaded", key, self._events.now_s - since_s)

    def _note(self, kind: str, key: Key, took_s: float) -> None:
        at_ns = round(self._events.now_s * 1e9)
        self.moved.append(Moved(kind, *key, at_ns, took_s * 1e3, self._known.sizes[key]))
