"""Which runs an experiment has, and in which order."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from pathlib import Path

from telcoai.model.scenario import Scenario


@dataclass(frozen=True, slots=True)
class RunKey:
    """One strategy × one repetition. ``seed`` is shared by the strategies of a repetition: same arrivals for all."""

    strategy: str
    repetition: int
    seed: int

    @property
    def name(self) -> str:
        """The run folder's name. A strategy from a file is named by its class."""
        label = self.strategy.rpartition(":")[2] or Path(self.strategy).stem
        return f"{label}-r{self.repetition}"


def matrix(scenario: Scenario) -> tuple[RunKey, ...]:
    """All runs; the order of strategies within each repetition is shuffled by the scenario's seed."""
    order = random.Random(scenario.seed)
    runs: list[RunKey] = []
    for repetition in range(1, scenario.repetitions + 1):
        strategies = list(scenario.strategies)
        order.shuffle(strategies)
        runs += [RunKey(one, repetition, derive_seed(scenario.seed, "run", repetition)) for one in strategies]
    return tuple(runs)


def derive_seed(seed: int, *parts: object) -> int:
    """A seed of 32 bits for one purpose, from the scenario's."""
    text = "/".join(str(part) for part in (seed, *parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
