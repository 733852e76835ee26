"""From one plan to the next, as devices' runtimes do it (``telcoai.serving.switchover``)."""

from __future__ import annotations

from collections.abc import Iterable

from telcoai.model.memory import stages_needed
from telcoai.model.plan import Assignment
from telcoai.simulation.requests import Requests
from telcoai.simulation.world import World


class SimulatedSwitchover:
    """Brings assignments into force once their stages are loaded, or at once where waiting gains nothing.

    That nodes ask one another takes no time.
    """

    def __init__(self, world: World, requests: Requests) -> None:
        self._world, self._requests = world, requests
        self._wanted: dict[tuple[str, str], Assignment] = {}

    def first(self, assignments: Iterable[Assignment]) -> None:
        """The plan that the run begins with: its stages are there by then."""
        for one in assignments:
            self._wanted[one.service, one.device] = one
            self._requests.plan[one.service, one.device] = one
            for node, keys in self._needed(one).items():
                self._world.nodes[node].memory.fill(sorted(keys))

    def begin(self, one: Assignment) -> None:
        """Have an assignment in force as soon as may be; at once where there was none before."""
        key = one.service, one.device
        before = self._requests.plan.get(key)
        self._wanted[key] = one
        if one == before:
            return
        if before is None:
            self._requests.plan[key] = one
        needed, old = self._needed(one), self._needed(before) if before else {}
        waiting = {*needed}

        def answered(node: str, is_loaded: bool) -> None:
            waiting.discard(node)
            if self._wanted[key] is one and (not is_loaded or not waiting):
                self._requests.plan[key] = one

        for node, keys in needed.items():
            there = self._world.nodes[node]
            if not (there.runs and there.reached):
                answered(node, False)
            else:
                there.memory.prepare(
                    sorted(keys),
                    sorted(old.get(node, ())),
                    lambda loaded, node=node: answered(node, loaded),  # type: ignore[misc]
                )

    def _needed(self, one: Assignment) -> dict[str, set[tuple[str, int]]]:
        return stages_needed(one, self._requests.stage_counts(one.service))
