"""A model as the cutting sees it: steps that make tensors from tensors."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from telcoai.errors import InputError


@dataclass(frozen=True, slots=True)
class Tensor:
    """``shape`` includes the batch. ``datatype`` as NumPy names it."""

    shape: tuple[int, ...]
    datatype: str

    @property
    def values(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Step:
    """One operator. ``inputs``: every tensor it needs, those that only its inner graphs use included."""

    name: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    flops: int = 0


@dataclass(frozen=True)
class Graph:
    """A model's ``steps``, each after those it needs. Tensors that depend on none of ``inputs`` are constants."""

    steps: tuple[Step, ...]
    inputs: tuple[str, ...]
    output: str
    tensors: Mapping[str, Tensor]

    @property
    def flops(self) -> int:
        """FLOPs of all steps that count."""
        return sum(step.flops for step in live_steps(self))


def ordered(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps, each after those whose outputs it takes, otherwise as they stood; InputError for a cycle."""
    makers = {output: number for number, step in enumerate(steps) for output in step.outputs}
    needs = [{makers[name] for name in step.inputs if name in makers} for step in steps]
    done: list[int] = []
    placed: set[int] = set()
    waiting = list(range(len(steps)))
    while waiting:
        later = []
        for number in waiting:
            if needs[number] <= placed:
                placed.add(number)
                done.append(number)
            else:
                later.append(number)
        if len(later) == len(waiting):
            raise InputError(f"the model's operators wait for each other in a ring: {steps[later[0]].name}")
        waiting = later
    return tuple(steps[number] for number in done)


def live_steps(graph: Graph) -> tuple[Step, ...]:
    """The steps on a way from an input to the output; the others are constant or lead nowhere."""
    moving = set(graph.inputs)
    reached = []
    for step in graph.steps:
        if moving.intersection(step.inputs):
            moving.update(step.outputs)
            reached.append(step)
    kept = leading_to({graph.output}, reached, stop=set(graph.inputs))
    return tuple(step for step in reached if step in kept)


def leading_to(wanted: Iterable[str], steps: Sequence[Step], stop: set[str]) -> frozenset[Step]:
    """The steps needed to make the ``wanted`` tensors when those in ``stop`` are there already."""
    needed, kept = set(wanted) - stop, set()
    for step in reversed(steps):
        if needed.intersection(step.outputs):
            kept.add(step)
            needed.update(set(step.inputs) - stop)
    return frozenset(kept)
