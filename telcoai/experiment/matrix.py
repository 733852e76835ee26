"""Which runs an experiment has, and in which order."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass

from telcoai.errors import InputError
from telcoai.model.scenario import Scenario
from telcoai.plugins import is_file, split


@dataclass(frozen=True, slots=True)
class RunKey:
    """One strategy × one repetition. ``seed`` is shared by the strategies of a repetition: same arrivals for all."""

    strategy: str
    repetition: int
    seed: int

    @property
    def name(self) -> str:
        """The run folder's name. A strategy from a file is named by its class."""
        label = split(self.strategy)[1] if is_file(self.strategy) else self.strategy
        return f"{label}-r{self.repetition}"


def matrix(scenario: Scenario) -> tuple[RunKey, ...]:
    """All runs; the order of strategies within each repetition is shuffled by the scenario's seed.

    InputError when two strategies would have the same run folder.
    """
    _refuse_same_names(scenario.strategies)
    order = random.Random(scenario.seed)
    runs: list[RunKey] = []
    for repetition in range(1, scenario.repetitions + 1):
        strategies = list(scenario.strategies)
        order.shuffle(strategies)
        runs += [RunKey(one, repetition, derive_seed(scenario.seed, "run", repetition)) for one in strategies]
    return tuple(runs)


def _refuse_same_names(strategies: tuple[str, ...]) -> None:
    seen: dict[str, str] = {}
    for one in strategies:
        other = seen.setdefault(RunKey(one, 1, 0).name, one)
        if other != one or strategies.count(one) > 1:
            raise InputError(f"strategies {other} and {one} have the same name", "give each class a name of its own")


def derive_seed(seed: int, *parts: object) -> int:
    """A seed of 32 bits for one purpose, from the scenario's."""
    text = "/".join(str(part) for part in (seed, *parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
