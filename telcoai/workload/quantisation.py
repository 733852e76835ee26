"""Static int8 quantisation of a stage, from samples of what it gets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from telcoai.workload.chain import across, open_session

Inputs = list[NDArray[Any]]


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    """Hands out the inputs of a stage, one by one."""

    def __init__(self, name: str, inputs: Inputs) -> None:
        self._feeds: Iterator[dict[str, NDArray[Any]]] = iter([{name: value} for value in inputs])

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        return next(self._feeds, None)


def prepare(source: Path, target: Path) -> None:
    """Write a stage as quantisation wants it: with the shapes of its tensors."""
    quant_pre_process(str(source), str(target), skip_symbolic_shape=True, skip_optimization=True)


def quantise_stage(prepared: Path, target: Path, inputs: Inputs, kept: Sequence[str]) -> None:
    """Write the int8 ``target`` of a prepared stage; ``inputs`` have a batch of one, nodes named in ``kept`` stay fp32.

    Weights are per channel and 7 bits wide (``reduce_range``): with 8 bits, processors without VNNI saturate.
    """
    quantize_static(
        str(prepared),
        str(target),
        _Reader(onnx.load(prepared).graph.input[0].name, inputs),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=list(kept),
    )
    _tidy(target)


def next_inputs(stage: Path, inputs: Inputs) -> Inputs:
    """What the next stage gets, in the form of int8 variants; nothing after the last stage."""
    session = open_session(stage)
    if "activation" not in [output.name for output in session.get_outputs()]:
        return []
    name = session.get_inputs()[0].name
    return [across(np.asarray(session.run(["activation"], {name: value})[0]), "int8") for value in inputs]


def _tidy(path: Path) -> None:
    """Drop shapes that were inferred on the way: the runtime infers them again."""
    model = onnx.load(path)
    del model.graph.value_info[:]
    onnx.checker.check_model(model)
    onnx.save(model, path)
