"""Costs of a stage, computed from its ONNX graph: FLOPs, bytes of parameters, shape of the activation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from telcoai.errors import InputError

if TYPE_CHECKING:
    import onnx

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StageCost:
    """Cost of one sample. ``flops``: 2 per multiply-add of Conv, Gemm and MatMul and of their integer kinds,
    nothing else counted.

    ``param_bytes``: bytes of all stored weights. ``activation_shape``: the ``activation`` output without the batch
    dimension, () when the graph has none.
    """

    flops: int
    param_bytes: int
    activation_shape: Shape


def stage_cost(model: onnx.ModelProto, input_shape: Shape) -> StageCost:
    """Cost of a graph whose one input has ``input_shape`` (without the batch dimension)."""
    shapes = infer_shapes(model, (1, *input_shape))
    flops = sum(node_flops(node, shapes) for node in model.graph.node)
    activation = shapes["activation"][1:] if "activation" in _output_names(model) else ()
    return StageCost(flops, param_bytes(model), activation)


def chain_costs(models: list[onnx.ModelProto], frame_shape: Shape) -> list[StageCost]:
    """Costs of stages that follow each other, the first one fed with ``frame_shape``."""
    costs: list[StageCost] = []
    for model in models:
        costs.append(stage_cost(model, costs[-1].activation_shape if costs else frame_shape))
    return costs


def param_bytes(model: onnx.ModelProto) -> int:
    """Bytes of the graph's initializers, as stored."""
    from onnx import helper

    total = 0
    for weight in model.graph.initializer:
        size = helper.tensor_dtype_to_np_dtype(weight.data_type).itemsize
        total += size * math.prod(weight.dims)
    return total


def infer_shapes(model: onnx.ModelProto, input_shape: Shape) -> Mapping[str, Shape]:
    """Shape of every tensor when the graph's one input has ``input_shape`` (batch included).

    InputError when a shape stays unknown.
    """
    import onnx

    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    del fixed.graph.value_info[:]
    for output in fixed.graph.output:
        output.type.tensor_type.ClearField("shape")
    dims = fixed.graph.input[0].type.tensor_type.shape.dim
    for dim, size in zip(dims, input_shape, strict=True):
        dim.dim_value = size
    graph = onnx.shape_inference.infer_shapes(fixed, data_prop=True, strict_mode=True).graph
    shapes = {weight.name: tuple(weight.dims) for weight in graph.initializer}
    for info in (*graph.input, *graph.value_info, *graph.output):
        shapes[info.name] = _known(info)
    return shapes


def _known(info: onnx.ValueInfoProto) -> Shape:
    shape = tuple(dim.dim_value for dim in info.type.tensor_type.shape.dim)
    if not all(shape):
        raise InputError(f"the shape of tensor {info.name} can't be inferred", "give the graph's input a fixed shape")
    return shape


def _output_names(model: onnx.ModelProto) -> set[str]:
    return {output.name for output in model.graph.output}


def node_flops(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> int:
    """2 × multiply-adds of one node; 0 for kinds without any."""
    if node.op_type in ("Conv", "ConvInteger"):
        per_output = math.prod(shapes[node.input[1]][1:])
    elif node.op_type == "QLinearConv":
        per_output = math.prod(shapes[node.input[3]][1:])
    elif node.op_type == "Gemm":
        transposed = any(a.name == "transA" and a.i for a in node.attribute)
        per_output = shapes[node.input[0]][0 if transposed else 1]
    elif node.op_type in ("MatMul", "MatMulInteger", "QLinearMatMul"):
        per_output = shapes[node.input[0]][-1]
    else:
        return 0
    return 2 * math.prod(shapes[node.output[0]]) * per_output
