"""Takes a model apart at its cuts: one ONNX model a stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from telcoai.workload.cutting.candidates import Candidate
from telcoai.workload.cutting.graph import Graph, leading_to
from telcoai.workload.importing.reading import step_names
from telcoai.workload.importing.wiring import rename

if TYPE_CHECKING:
    import onnx


def stage_models(model: onnx.ModelProto, graph: Graph, cuts: Sequence[Candidate]) -> list[onnx.ModelProto]:
    """The stages between ``cuts``: inputs of the model or ``activation_in`` to ``activation`` or, last, ``logits``.

    Constants that two stages need are in both.
    """
    ends = [*(cut.tensor for cut in cuts), graph.output]
    return [_between(model, graph, start, end) for start, end in zip([None, *ends[:-1]], ends, strict=True)]


def _between(model: onnx.ModelProto, graph: Graph, start: str | None, end: str) -> onnx.ModelProto:
    import onnx

    given = {start} if start else set(graph.inputs)
    kept = {step.name for step in leading_to({end}, graph.steps, given)}
    order = {step.name: number for number, step in enumerate(graph.steps)}
    nodes = dict(zip(step_names(model), model.graph.node, strict=True))
    chosen = [nodes[name] for name in sorted(kept, key=order.__getitem__)]
    needed = {name for step in graph.steps if step.name in kept for name in step.inputs} | {end}
    stage = onnx.helper.make_model(
        onnx.helper.make_graph(
            chosen,
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
