"""Models of a few operators that answer rightly, and samples for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 8
CLASSES = 3
LENGTH = 4
OPSET = [helper.make_opsetid("", 17)]


def saved(path: Path, nodes, inputs, outputs, weights) -> Path:
    """Write a model; ``inputs`` and ``outputs`` as (name, type, shape), ``weights`` by name."""
    initializers = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    ends = [[helper.make_tensor_value_info(*value) for value in side] for side in (inputs, outputs)]
    graph = helper.make_graph(nodes, "tiny", *ends, initializers)
    onnx.save(helper.make_model(graph, opset_imports=OPSET, ir_version=8), path)
    return path


def classifier(path: Path, *, softmax: bool = False) -> Path:
    """Images as float pixels, N × 3 × S × S; the class is the brightest channel."""
    passing = np.zeros((CLASSES, 3, 3, 3), np.float32)
    passing[range(3), range(3), 1, 1] = 1.0
    nodes = [
        helper.make_node("Conv", ["image", "kernel"], ["wide"], "first", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["wide"], ["open"]),
        helper.make_node("Conv", ["open", "kernel"], ["again"], "second", pads=[1, 1, 1, 1]),
        helper.make_node("GlobalAveragePool", ["again"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights"], ["scores"], "last"),
    ]
    end = "scores"
    if softmax:
        nodes.append(helper.make_node("Softmax", ["scores"], ["shares"]))
        end = "shares"
    image = ("image", TensorProto.FLOAT, ["N", 3, "S", "S"])
    weights = {"kernel": passing, "weights": np.eye(CLASSES, dtype=np.float32)}
    return saved(path, nodes, [image], [(end, TensorProto.FLOAT, ["N", CLASSES])], weights)


def embedder(path: Path) -> Path:
    """Tokens, int64 N × L, and a mask like them become N × L × 6; tokens of one parity point one way."""
    table = np.random.default_rng(1).normal(0, 0.1, (10, 4)).astype(np.float32)
    table[::2, 0] += 1.0
    table[1::2, 1] += 1.0
    weights = {
        "table": table,
        "mixed": np.random.default_rng(2).normal(0, 1, (4, 6)).astype(np.float32),
        "last": np.eye(6, dtype=np.float32),
        "axis": np.array([2], np.int64),
    }
    nodes = [
        helper.make_node("Gather", ["table", "tokens"], ["rows"]),
        helper.make_node("Cast", ["mask"], ["weighed"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["weighed", "axis"], ["column"]),
        helper.make_node("MatMul", ["rows", "mixed"], ["hidden"]),
        helper.make_node("Tanh", ["hidden"], ["bent"]),
        helper.make_node("Mul", ["bent", "column"], ["masked"]),
        helper.make_node("MatMul", ["masked", "last"], ["vectors"]),
    ]
    inputs = [(name, TensorProto.INT64, ["batch", "length"]) for name in ("tokens", "mask")]
    return saved(path, nodes, inputs, [("vectors", TensorProto.FLOAT, ["batch", "length", 6])], weights)


def frames(path: Path, count: int = 40) -> Path:
    """Frames whose brightest channel is their label."""
    random = np.random.default_rng(0)
    labels = np.arange(count) % CLASSES
    pixels = random.integers(0, 120, (count, SIDE, SIDE, 3), np.uint8)
    pixels[np.arange(count), :, :, labels] += 100
    np.savez(path, frames=pixels, labels=labels)
    return path


def sentences(path: Path, count: int = 80) -> Path:
    """Tokens of one parity; the parity is their label."""
    labels = np.arange(count) % 2
    tokens = np.random.default_rng(0).integers(0, 5, (count, LENGTH)) * 2 + labels[:, None]
    np.savez(path, inputs=tokens.astype(np.int64), labels=labels)
    return path
