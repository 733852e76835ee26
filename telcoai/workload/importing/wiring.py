"""Puts operators before and behind a model, whatever opset it has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx

MARK = "telcoai_"
"""Names of what is added begin so."""


@dataclass
class Wiring:
    """Adds nodes and constants to a model, in place. Its operators mean the same in every opset from 13 on."""

    model: onnx.ModelProto
    part: str
    _count: int = 0
    _taken: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        graph = self.model.graph
        made = {name for node in graph.node for name in (node.name, *node.input, *node.output)}
        self._taken = frozenset(made | {value.name for value in (*graph.input, *graph.initializer)})

    def node(self, kind: str, *inputs: str, at: int | None = None, **attributes: Any) -> str:
        """Add a node of one output at a place of the list, at its end unless said; returns the output's name."""
        import onnx

        name = self._name(kind.lower())
        nodes = self.model.graph.node
        nodes.insert(len(nodes) if at is None else at, onnx.helper.make_node(kind, inputs, [name], name, **attributes))
        return name

    def constant(self, values: NDArray[Any]) -> str:
        """Add a constant; returns its name."""
        import onnx

        name = self._name("constant")
        self.model.graph.initializer.append(onnx.numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def reshape(self, name: str, *sizes: int) -> str:
        """The tensor in another shape."""
        return self.node("Reshape", name, self.constant(np.array(sizes, np.int64)))

    def _name(self, what: str) -> str:
        """A name that the model doesn't have; one that was imported before has some of them."""
        while True:
            self._count += 1
            name = f"{MARK}{self.part}_{what}_{self._count}"
            if name not in self._taken:
                return name


def rename(model: onnx.ModelProto, old: str, new: str) -> None:
    """Give a tensor of the outermost graph another name everywhere, inner graphs included; in place."""
    _rename_in(model.graph, old, new)


def _rename_in(graph: onnx.GraphProto, old: str, new: str) -> None:
    for node in graph.node:
        node.input[:] = [new if name == old else name for name in node.input]
        node.output[:] = [new if name == old else name for name in node.output]
        for attribute in node.attribute:
            for inner in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])):
                _rename_in(inner, old, new)
    for value in (*graph.input, *graph.output, *graph.initializer):
        value.name = new if value.name == old else value.name
