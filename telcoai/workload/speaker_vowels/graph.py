"""A stage as an ONNX graph with a free batch dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from telcoai.workload.speaker_vowels.utterances import COEFFICIENTS, FRAMES, SPEAKERS

if TYPE_CHECKING:
    from telcoai.workload.speaker_vowels.network import Stage

OPSET = 17
Weights = NDArray[np.float32]


def graph(stage: Stage, index: int, is_last: bool) -> onnx.ModelProto:
    """The graph: ``input`` (frames × coefficients) or ``activation_in`` in, ``logits`` and ``activation`` out."""
    conv, conv_bias = _array(stage.conv.weight), _array(stage.conv.bias)
    weights = {
        "conv": conv,
        "conv_bias": conv_bias,
        "exit": _array(stage.exit.weight),
        "exit_bias": _array(stage.exit.bias),
    }
    width, channels, kernel = conv.shape
    first = index == 0
    source = "input" if first else "activation_in"
    nodes = [helper.make_node("Transpose", ["input"], ["series"], perm=[0, 2, 1])] if first else []
    pads = [kernel // 2, kernel // 2]
    nodes += [
        helper.make_node("Conv", ["series" if first else source, "conv", "conv_bias"], ["sum"], pads=pads),
        helper.make_node("Relu", ["sum"], ["activation"]),
        helper.make_node("GlobalAveragePool", ["activation"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "exit", "exit_bias"], ["logits"], transB=1),
    ]
    inputs = [_tensor(source, FRAMES, COEFFICIENTS) if first else _tensor(source, channels, FRAMES)]
    outputs = [_tensor("logits", SPEAKERS)] + ([] if is_last else [_tensor("activation", width, FRAMES)])
    stored = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    made = helper.make_graph(nodes, f"speaker-vowels-{index}", inputs, outputs, stored)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def _array(parameter: object) -> Weights:
    return np.asarray(parameter.detach().numpy(), np.float32)  # type: ignore[attr-defined]


def _tensor(name: str, *shape: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])
