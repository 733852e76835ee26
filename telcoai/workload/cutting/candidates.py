"""Where a graph can be cut: single tensors that every way from its inputs to its output goes through."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from telcoai.errors import InputError
from telcoai.workload.cutting.graph import Graph, Step, Tensor, live_steps

CARRIED = "float32"
"""What travels between stages is float32 that takes the form of a wire, see ``telcoai.model.wire``."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A tensor to cut at. ``flops_before``: of all that leads to it, constants left out."""

    tensor: str
    shape: tuple[int, ...]
    values: int
    flops_before: int


@dataclass(frozen=True, slots=True)
class Frontier:
    """What is still needed after a step: the tensors that a cut there would have to carry."""

    step: Step
    tensors: frozenset[str]
    flops_before: int


def frontiers(graph: Graph) -> Iterator[Frontier]:
    """The frontier after each live step but the last.

    A tensor separates the graph exactly when it is alone in the frontier after its step: whatever comes before it in
    any topological order is then all that leads to it, whatever follows needs nothing else.
    """
    steps = live_steps(graph)
    last_use = {name: number for number, step in enumerate(steps) for name in step.inputs}
    last_use[graph.output] = len(steps)
    open_, flops = set(graph.inputs), 0
    for number, step in enumerate(steps[:-1]):
        flops += step.flops
        open_.update(step.outputs)
        open_ = {name for name in open_ if last_use.get(name, -1) > number}
        yield Frontier(step, frozenset(open_), flops)


def candidates(graph: Graph) -> tuple[Candidate, ...]:
    """Every tensor that separates the graph and can travel, first one first."""
    found = []
    for frontier in frontiers(graph):
        alone = _alone(frontier)
        if alone is not None and can_travel(graph.tensors.get(alone)):
            tensor = graph.tensors[alone]
            found.append(Candidate(alone, tensor.shape, tensor.values, frontier.flops_before))
    return tuple(found)


def can_travel(tensor: Tensor | None) -> bool:
    """Whether a tensor can go from stage to stage: float32, a batch of one, at most eight dimensions beside it."""
    if tensor is None or tensor.datatype != CARRIED:
        return False
    return 2 <= len(tensor.shape) <= 9 and tensor.shape[0] == 1 and all(tensor.shape)


def named(graph: Graph, name: str) -> Candidate:
    """The candidate of that name; InputError says why the graph can't be cut there."""
    for candidate in candidates(graph):
        if candidate.tensor == name:
            return candidate
    made = {output for step in live_steps(graph) for output in step.outputs}
    if name not in made:
        near = difflib.get_close_matches(name, sorted(made), n=1)
        hint = f"did you mean {near[0]}?" if near else "--list shows where it can be cut"
        raise InputError(f"the model has no tensor {name!r} that depends on its input", hint)
    raise InputError(f"the model can't be cut at {name}: {_why_not(graph, name)}", "--list shows where it can be cut")


def refusal(graph: Graph) -> InputError:
    """The error of a graph without any candidate: says how many tensors its narrowest point has."""
    known = [frontier for frontier in frontiers(graph) if not frontier.tensors & set(graph.inputs)]
    known = known or list(frontiers(graph))
    if not known:
        return InputError("the model is a single operator: there is nothing to cut")
    narrowest = min(known, key=lambda one: (len(one.tensors), _values(graph, one)))
    if len(narrowest.tensors) == 1:
        reason = "the tensors that separate it are not float32 with a batch of one"
    else:
        reason = f"at its narrowest, {len(narrowest.tensors)} tensors go across ({_listed(narrowest.tensors)})"
    return InputError(
        f"the model has no single tensor to cut at: {reason}",
        "import it with --stages 1, or give inputs that never change a value with --fix NAME=VALUE",
    )


def _alone(frontier: Frontier) -> str | None:
    """The one tensor of a frontier, if its own step made it."""
    if len(frontier.tensors) != 1:
        return None
    (name,) = frontier.tensors
    return name if name in frontier.step.outputs else None


def _why_not(graph: Graph, name: str) -> str:
    if name == graph.output:
        return "it is the output"
    for frontier in frontiers(graph):
        if name in frontier.step.outputs:
            beside = frontier.tensors - {name}
            if beside:
                return f"later operators also need {_listed(beside)}"
    tensor = graph.tensors.get(name)
    return (
        f"it is {tensor.datatype} {list(tensor.shape)}, not float32 with a batch of one" if tensor else "unknown shape"
    )


def _values(graph: Graph, frontier: Frontier) -> int:
    return sum(graph.tensors[name].values for name in frontier.tensors if name in graph.tensors)


def _listed(names: frozenset[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:4]) + (f" and {len(shown) - 4} more" if len(shown) > 4 else "")
