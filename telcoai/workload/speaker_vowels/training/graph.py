"""A trained network as ONNX graphs, one a stage."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from telcoai.workload.speaker_vowels.training.architecture import CLASSES, COEFFICIENTS, EXIT, FRAMES, STAGES
from telcoai.workload.speaker_vowels.training.network import Block, Exit, Network

OPSET, IR_VERSION = 17, 8


class _Drawing:
    """Nodes and weights of a graph as they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def node(self, kind: str, name: str, inputs: list[str], **attributes: Any) -> str:
        """Add a node, which gives a tensor of its own name."""
        self.nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))
        return name

    def weight(self, name: str, value: Tensor) -> str:
        """Add a weight."""
        array = np.ascontiguousarray(value.detach().numpy(), np.float32)
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def convolution(self, name: str, layer: nn.Conv1d, x: str, scale: Tensor | None = None) -> str:
        """Add a convolution; ``scale`` divides its input's channels, and so its weights."""
        assert layer.bias is not None
        kernel = layer.weight.shape[2]
        weight = layer.weight if scale is None else layer.weight / scale[None, :, None]
        inputs = [x, self.weight(f"{name}.weight", weight), self.weight(f"{name}.bias", layer.bias)]
        return self.node("Conv", name, inputs, kernel_shape=[kernel], pads=[kernel // 2, kernel // 2])


def stage_model(network: Network, index: int) -> onnx.ModelProto:
    """A stage: ``input`` or ``activation_in`` to ``logits`` and, but for the last, ``activation``."""
    drawing, width = _Drawing(), network.stem.weight.shape[0]
    wide = ["N", width, FRAMES]
    if index == 0:
        taken = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", FRAMES, COEFFICIENTS])
        x = _stem(drawing, network)
    else:
        taken = helper.make_tensor_value_info("activation_in", TensorProto.FLOAT, wide)
        block = network.blocks[index - 1]
        assert isinstance(block, Block)
        x = _block(drawing, block)
    exit_ = network.exits[index]
    assert isinstance(exit_, Exit)
    given = [helper.make_tensor_value_info(_exit(drawing, exit_, x), TensorProto.FLOAT, ["N", CLASSES])]
    if index < STAGES - 1:
        given.append(helper.make_tensor_value_info(x, TensorProto.FLOAT, wide))
    graph = helper.make_graph(drawing.nodes, f"stage{index}", [taken], given, drawing.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="telcoai")
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    return model


def _stem(drawing: _Drawing, network: Network) -> str:
    assert isinstance(network.scale, Tensor)
    turned = drawing.node("Transpose", "turned", ["input"], perm=[0, 2, 1])
    x = drawing.convolution("stem", network.stem, turned, network.scale)
    return drawing.node("Relu", "activation", [x])


def _block(drawing: _Drawing, block: Block) -> str:
    x = drawing.node("Relu", "first.relu", [drawing.convolution("first", block.first, "activation_in")])
    x = drawing.node("Add", "sum", ["activation_in", drawing.convolution("second", block.second, x)])
    return drawing.node("Relu", "activation", [x])


def _exit(drawing: _Drawing, exit_: Exit, x: str) -> str:
    flat = drawing.node("Flatten", f"{EXIT}.flat", [drawing.node("GlobalAveragePool", f"{EXIT}.mean", [x])])
    weight = drawing.weight(f"{EXIT}.weight", exit_.linear.weight)
    bias = drawing.weight(f"{EXIT}.bias", exit_.linear.bias)
    drawing.nodes.append(helper.make_node("Gemm", [flat, weight, bias], ["logits"], f"{EXIT}.linear", transB=1))
    return "logits"
