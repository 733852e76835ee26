"""From an ONNX model to the graph that is cut: which tensors there are is seen by running it once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from telcoai.workload.cost import node_flops
from telcoai.workload.cutting.graph import Graph, Step, Tensor, ordered
from telcoai.workload.importing.source import open_with, run_with, session_options

if TYPE_CHECKING:
    import onnx

Feed = Mapping[str, NDArray[Any]]


def graph_of(model: onnx.ModelProto, feed: Feed, path: Path) -> Graph:
    """The graph of a model with one output, its tensors measured with ``feed``; ``path`` is named in errors."""
    tensors = seen_tensors(model, feed, path)
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    steps = [
        Step(name, node.op_type, _needs(node), tuple(filter(None, node.output)), node_flops(node, shapes))
        for name, node in zip(step_names(model), model.graph.node, strict=True)
    ]
    weights = {weight.name for weight in model.graph.initializer}
    inputs = tuple(value.name for value in model.graph.input if value.name not in weights)
    return Graph(ordered(steps), inputs, model.graph.output[0].name, tensors)


def step_names(model: onnx.ModelProto) -> list[str]:
    """A name of its own for every node, in the model's order."""
    return [f"{number} {node.op_type} {node.name}".strip() for number, node in enumerate(model.graph.node)]


def seen_tensors(model: onnx.ModelProto, feed: Feed, path: Path) -> dict[str, Tensor]:
    """Shape and type of every tensor that a run gives or a model stores, by name."""
    import onnx

    every = onnx.ModelProto()
    every.CopyFrom(model)
    shown = {output.name for output in every.graph.output}
    names = [name for node in every.graph.node for name in node.output if name and name not in shown]
    every.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    session = open_with(every.SerializeToString(), session_options(fused=False), path)
    given = [output.name for output in session.get_outputs()]
    found = dict(feed) | dict(zip(given, run_with(session, given, feed, path), strict=True))
    tensors = {name: _tensor(value) for name, value in found.items() if isinstance(value, np.ndarray)}
    for weight in model.graph.initializer:
        kind = onnx.helper.tensor_dtype_to_np_dtype(weight.data_type)
        tensors[weight.name] = Tensor(tuple(weight.dims), kind.name)
    return tensors


def _tensor(value: NDArray[Any]) -> Tensor:
    return Tensor(tuple(value.shape), value.dtype.name)


def _needs(node: onnx.NodeProto) -> tuple[str, ...]:
    """Inputs of a node, and what its inner graphs take from outside."""
    return tuple(dict.fromkeys(name for name in (*node.input, *_captured(node)) if name))


def _captured(node: onnx.NodeProto) -> Iterator[str]:
    for attribute in node.attribute:
        for graph in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])):
            own = {value.name for value in (*graph.input, *graph.initializer)}
            own |= {name for inner in graph.node for name in inner.output}
            wanted = [name for inner in graph.node for name in _needs(inner)]
            yield from (name for name in (*wanted, *(output.name for output in graph.output)) if name not in own)
