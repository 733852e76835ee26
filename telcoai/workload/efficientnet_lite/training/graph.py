"""Writes trained stages as ONNX graphs: fp32 arithmetic, weights stored in fp16.

Sizes other than channels stay symbolic: one file serves every input size of its backbone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from telcoai.workload.efficientnet_lite.training import architecture
from telcoai.workload.efficientnet_lite.training.architecture import same_padding
from telcoai.workload.efficientnet_lite.training.network import Exit, PooledExit, Residual, Stage, Unit

OPSET = 17
IR_VERSION = 8


@dataclass
class Builder:
    """Collects nodes and weights; every method returns the name of the tensor that it adds."""

    half: bool
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Append a node of one output."""
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name

    def constant(self, values: NDArray[np.float32]) -> str:
        """A float32 constant, stored as it is."""
        name = f"weight_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def stored(self, values: NDArray[np.float32]) -> str:
        """A float32 tensor of fp16 values, kept as such in the file if ``half`` (the cast is folded at load)."""
        if not self.half:
            return self.constant(values.astype(np.float16).astype(np.float32))
        name = f"weight_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values.astype(np.float16), name))
        return self.node("Cast", name, to=TensorProto.FLOAT)

    def unit(self, x: str, unit: Unit) -> str:
        """Convolution and ReLU6."""
        kernel = unit.weight.shape[2]
        before, after = same_padding(kernel, unit.stride)
        weight, bias = self.stored(_array(unit.folded())), self.constant(_array(unit.shift))
        x = self.node(
            "Conv",
            x,
            weight,
            bias,
            kernel_shape=[kernel, kernel],
            strides=[unit.stride, unit.stride],
            pads=[before, before, after, after],
            group=unit.groups,
        )
        if not unit.active:
            return x
        return self.node("Clip", x, self.constant(np.array(0.0)), self.constant(np.array(6.0)))

    def residual(self, x: str, block: Residual) -> str:
        """Inverted residual block."""
        y = x
        for unit in block.units:
            assert isinstance(unit, Unit)
            y = self.unit(y, unit)
        return self.node("Add", x, y) if block.residual else y

    def exit(self, x: str, exit_: Exit) -> None:
        """Classifier; its output is the graph's ``logits``."""
        if exit_.unit is not None:
            x = self.unit(x, exit_.unit)
        self._logits(self.node("Flatten", self.node("GlobalAveragePool", x)), exit_.linear)

    def pooled_exit(self, x: str, exit_: PooledExit) -> None:
        """The first exit; its output is the graph's ``logits``."""
        pools = [self.node("GlobalAveragePool", x), self.node("GlobalAveragePool", self.node("Relu", x))]
        pools.append(self.node("GlobalMaxPool", x))
        x = self.node("Flatten", self.node("Concat", *pools, axis=1))
        weight, bias = self.constant(_array(exit_.hidden.weight)), self.constant(_array(exit_.hidden.bias))
        self._logits(self.node("Relu", self.node("Gemm", x, weight, bias, transB=1)), exit_.linear)

    def _logits(self, x: str, linear: nn.Linear) -> None:
        weight, bias = self.stored(_array(linear.weight)), self.constant(_array(linear.bias))
        self.nodes.append(helper.make_node("Gemm", [x, weight, bias], ["logits"], "logits", transB=1))

    def frame(self) -> str:
        """The graph's ``frame`` (uint8, N × S × S × 3) as N × 3 × S × S in about ±1."""
        x = self.node("Cast", self.node("Transpose", "frame", perm=[0, 3, 1, 2]), to=TensorProto.FLOAT)
        x = self.node("Sub", x, self.constant(np.array(architecture.INPUT_MEAN)))
        return self.node("Mul", x, self.constant(np.array(1.0 / architecture.INPUT_SCALE)))


def stage_model(stage: Stage, index: int, *, half: bool = True) -> onnx.ModelProto:
    """The graph of one stage: ``frame`` or ``activation_in`` to ``logits`` and, but for the last, ``activation``.

    ``half`` keeps weights in fp16; without it the same values take float32 (as quantisation wants them).
    """
    last = index == len(architecture.STAGE_GROUPS) - 1
    builder = Builder(half)
    x = builder.frame() if index == 0 else "activation_in"
    for part in stage.body:
        x = builder.residual(x, part) if isinstance(part, Residual) else builder.unit(x, part)
    if isinstance(stage.exit, PooledExit):
        builder.pooled_exit(x, stage.exit)
    else:
        builder.exit(x, stage.exit)
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", architecture.CLASSES])]
    if not last:
        outputs.append(_activation_info("activation", _channels(stage), "out"))
    graph = helper.make_graph(
        _renamed(builder.nodes, {} if last else {x: "activation"}),
        f"stage{index}",
        [_input_info(index, stage)],
        outputs,
        builder.weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="telcoai")
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model)
    return model


def _renamed(nodes: list[onnx.NodeProto], names: dict[str, str]) -> list[onnx.NodeProto]:
    for node in nodes:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    return nodes


def _input_info(index: int, stage: Stage) -> onnx.ValueInfoProto:
    if index == 0:
        return helper.make_tensor_value_info("frame", TensorProto.UINT8, ["N", "S", "S", 3])
    first = stage.body[0]
    assert isinstance(first, Residual)
    unit = first.units[0]
    assert isinstance(unit, Unit)
    return _activation_info("activation_in", unit.weight.shape[1], "in")


def _channels(stage: Stage) -> int:
    last = stage.body[-1]
    assert isinstance(last, Residual)
    unit = last.units[-1]
    assert isinstance(unit, Unit)
    return int(unit.weight.shape[0])


def _activation_info(name: str, channels: int, side: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", channels, f"H_{side}", f"W_{side}"])


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return np.asarray(tensor.detach().numpy(), np.float32)
