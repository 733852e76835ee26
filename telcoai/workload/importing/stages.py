"""Takes a model apart at its cuts: one ONNX model a stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from telcoai.workload.cost import StageCost, param_bytes
from telcoai.workload.cutting.candidates import Candidate
from telcoai.workload.cutting.graph import Graph, Step, leading_to
from telcoai.workload.importing.reading import step_names
from telcoai.workload.importing.wiring import rename

if TYPE_CHECKING:
    import onnx


@dataclass(frozen=True)
class Part:
    """One stage, and what it costs."""

    model: onnx.ModelProto
    cost: StageCost


def parts_of(model: onnx.ModelProto, graph: Graph, cuts: Sequence[Candidate]) -> list[Part]:
    """The stages between ``cuts``: inputs of the model or ``activation_in`` to ``activation`` or, last, ``logits``.

    Constants that two stages need are in both.
    """
    ends = [*(cut.tensor for cut in cuts), graph.output]
    return [_between(model, graph, start, end) for start, end in zip([None, *ends[:-1]], ends, strict=True)]


def _between(model: onnx.ModelProto, graph: Graph, start: str | None, end: str) -> Part:
    needed = leading_to({end}, graph.steps, {start} if start else set(graph.inputs))
    steps = [step for step in graph.steps if step in needed]
    stage = _taken(model, graph, steps, (start, end))
    shape = () if end == graph.output else graph.tensors[end].shape[1:]
    return Part(stage, StageCost(sum(step.flops for step in steps), param_bytes(stage), shape))


def _taken(
    model: onnx.ModelProto, graph: Graph, steps: Sequence[Step], ends: tuple[str | None, str]
) -> onnx.ModelProto:
    """A model of these steps, its ends named as a stage's are."""
    import onnx

    (start, end), nodes = ends, dict(zip(step_names(model), model.graph.node, strict=True))
    needed = {name for step in steps for name in step.inputs} | {end}
    stage = onnx.helper.make_model(
        onnx.helper.make_graph(
            [nodes[step.name] for step in steps],
            "stage",
            [_info(graph, start)] if start else [value for value in model.graph.input if value.name in needed],
            [_info(graph, end)],
            [weight for weight in model.graph.initializer if weight.name in needed],
        ),
        opset_imports=model.opset_import,
        functions=model.functions,
        ir_version=model.ir_version,
        producer_name="telcoai",
    )
    if start:
        rename(stage, start, "activation_in")
    rename(stage, end, "logits" if end == graph.output else "activation")
    onnx.checker.check_model(stage)
    return stage


def _info(graph: Graph, name: str) -> onnx.ValueInfoProto:
    import numpy as np
    import onnx

    tensor = graph.tensors[name]
    kind = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(tensor.datatype))
    return onnx.helper.make_tensor_value_info(name, kind, tensor.shape)
