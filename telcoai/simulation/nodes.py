"""Simulated nodes: their cores, and the figures that a runtime there would tell."""

from __future__ import annotations

from collections import defaultdict, deque

from telcoai.model.topology import DeviceProfile
from telcoai.orchestrator.figures import NodeFigures
from telcoai.serving.radio import Radio
from telcoai.serving.stats import RECENT
from telcoai.simulation.batches import Batch
from telcoai.simulation.events import Cores, Events
from telcoai.simulation.memory import Catalogue, SimulatedMemory

UNBOUNDED = Catalogue(None, {}, {})
"""Of a node on which all is loaded."""


class NodeGone(Exception):
    """The node that a request was on, or on its way to, does not answer."""

    def __init__(self, node: str) -> None:
        super().__init__(node)
        self.node = node


class SimulatedNode:
    """One node. ``epoch`` grows whenever all that runs there is lost.

    ``up``: its machine is there, and refuses what nobody there takes. ``runs``: its runtime is ready. ``is_planned``:
    the runtime of a device has its plan. ``sends``: a device's drivers are there. ``reached``: its links pass all on.
    """

    def __init__(
        self, name: str, profile: DeviceProfile, events: Events, known: Catalogue = UNBOUNDED, tail_s: float = 0.0
    ) -> None:
        self.name, self.profile, self._tail_ns = name, profile, round(tail_s * 1e9)
        self.radio = Radio(self._tail_ns)
        self.memory = SimulatedMemory(known, events)
        self._known = known
        self.cores = Cores(profile.cores, events)
        self.up = self.runs = self.is_planned = self.sends = self.reached = True
        self.epoch = 0
        self.arrivals: dict[str, int] = defaultdict(int)
        self.open_batches: dict[tuple[object, ...], Batch] = {}
        """Those that requests may still join, by what requests have to be alike in."""
        self._events = events
        self._stage_calls = 0
        self._latency_ms: dict[str, deque[float]] = {}
        self._answered: dict[str, int] = defaultdict(int)

    @property
    def passes(self) -> bool:
        """Whether it is there and reached, so that what crosses it gets on."""
        return self.up and self.reached

    def check(self, epoch: int) -> None:
        """NodeGone when what runs there isn't what ran in ``epoch``."""
        if not self.runs or epoch != self.epoch:
            raise NodeGone(self.name)

    def stop(self) -> None:
        """Lose the machine and all that runs there."""
        self.up = self.sends = False
        self.kill()

    def kill(self) -> None:
        """Lose the runtime and all that it had; whoever waits for a core learns of it."""
        self.runs = self.is_planned = False
        self.epoch += 1
        old, self.cores = self.cores, Cores(self.profile.cores, self._events)
        old.release_all()
        for batch in self.open_batches.values():
            if not batch.has_begun:
                batch.dissolve()
        self.open_batches.clear()
        self.memory = SimulatedMemory(self._known, self._events)
        self.radio = Radio(self._tail_ns)
        self.arrivals.clear()
        self._stage_calls = 0
        self._latency_ms.clear()
        self._answered.clear()

    def get_ready(self, epoch: int) -> None:
        """A runtime that was started in ``epoch`` answers, unless it was lost again."""
        self.runs = self.runs or epoch == self.epoch

    def take_plan(self, epoch: int) -> None:
        """And has its plan."""
        self.is_planned = self.is_planned or epoch == self.epoch

    def send_again(self, epoch: int) -> None:
        """And its device's drivers go on."""
        self.sends = self.sends or epoch == self.epoch

    def note_stages(self, count: int) -> None:
        """Stages were run."""
        self._stage_calls += count

    def note_answer(self, service: str, latency_ms: float) -> None:
        """A request of a device's service was answered."""
        self._latency_ms.setdefault(service, deque(maxlen=RECENT)).append(latency_ms)
        self._answered[service] += 1

    def figures(self, now_s: float) -> NodeFigures | None:
        """What the runtime says of itself; None when nobody answers."""
        if not (self.runs and self.reached):
            return None
        return NodeFigures(
            node=self.name,
            now_ns=round(now_s * 1e9),
            cores=self.profile.cores,
            busy_core_ns=round(self.cores.busy_s * 1e9),
            queue=self.cores.queued,
            arrivals=dict(self.arrivals),
            overruns=0,
            stage_calls=self._stage_calls,
            late_calls=0,
            replayed_calls=self._stage_calls,
            latency_ms={name: tuple(values) for name, values in self._latency_ms.items()},
            answered=dict(self._answered),
            resident=self.memory.resident,
            memory_free=self.memory.free,
            moved=tuple(self.memory.moved),
            sent_bytes=self.radio.sent_bytes,
            received_bytes=self.radio.received_bytes,
            connected_ns=self.radio.connected_ns(round(now_s * 1e9)),
        )
