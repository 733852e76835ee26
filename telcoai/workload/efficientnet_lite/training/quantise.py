"""Static int8 quantisation of the stages of one backbone, from the calibration slice."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from telcoai.workload.chain import open_session
from telcoai.workload.efficientnet_lite.training.features import pooled
from telcoai.workload.quantisation import Inputs, next_inputs, prepare, quantise_stage

LOG = logging.getLogger("train")
KEPT_CONVOLUTIONS = 5
"""Stem, first block and the start of the second stay fp32: their few channels differ so much in range that int8
costs 10 dB at the first cut, while fp32 hardly costs time there."""
FIRST_EXIT = ("Concat", "Gemm", "GlobalAveragePool", "GlobalMaxPool", "Relu")
"""The first exit stays fp32 too: its features are means and maxima, of very unlike ranges."""


def quantise(stages: list[Path], targets: list[Path], frames: Inputs) -> None:
    """Write int8 ``targets`` from fp32 ``stages``. ``frames``: uint8, 1 × S × S × 3, of every size to be served."""
    inputs = frames
    for source, target in zip(stages, targets, strict=True):
        prepared = target.with_suffix(".prepared.onnx")
        prepare(source, prepared)
        quantise_stage(prepared, target, inputs, _kept(prepared) if inputs is frames else [])
        prepared.unlink()
        if inputs is frames:
            correct_first_exit(source, target, frames)
        LOG.info("quantised %s from %d inputs", target.name, len(inputs))
        inputs = next_inputs(source, inputs)


def _kept(path: Path) -> list[str]:
    """Names of the first stage's nodes that stay fp32: first convolutions, the ReLU6 after each, and the exit."""
    nodes = onnx.load(path).graph.node
    convolutions = [node for node in nodes if node.op_type == "Conv"][:KEPT_CONVOLUTIONS]
    outputs = {node.output[0] for node in convolutions}
    clips = [node.name for node in nodes if node.op_type == "Clip" and node.input[0] in outputs]
    exit_ = [node.name for node in nodes if node.op_type in FIRST_EXIT]
    return [node.name for node in convolutions] + clips + exit_


def correct_first_exit(source: Path, target: Path, frames: Inputs) -> None:
    """Take the mean error that int8 makes in the first exit's features out of the bias of the exit's first layer."""
    model = onnx.load(target)
    first = next(node for node in model.graph.node if node.op_type == "Gemm")
    stored = {weight.name: weight for weight in model.graph.initializer}
    weight, bias = (onnx.numpy_helper.to_array(stored[name]) for name in first.input[1:])
    corrected = bias + weight @ (_mean_features(source, frames) - _mean_features(target, frames))
    stored[first.input[2]].CopyFrom(onnx.numpy_helper.from_array(corrected.astype(np.float32), first.input[2]))
    onnx.save(model, target)


def _mean_features(stage: Path, frames: Inputs) -> NDArray[np.float32]:
    session = open_session(stage)
    rows = [pooled(np.asarray(session.run(["activation"], {"frame": frame})[0])) for frame in frames]
    return np.asarray(np.concatenate(rows).mean(0))
