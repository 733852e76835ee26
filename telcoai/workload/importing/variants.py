"""The variants of an imported model: their files, and what they answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from telcoai.errors import InputError
from telcoai.model.wire import WIRES
from telcoai.workload.chain import Answers, Chain
from telcoai.workload.cost import StageCost, param_bytes
from telcoai.workload.importing.material import Material
from telcoai.workload.importing.stages import Part
from telcoai.workload.importing.wiring import MARK

if TYPE_CHECKING:
    import onnx

WIRE_OF = {"fp32": "fp16", "int8": "int8"}
"""The wire that a variant's figures are of: the narrowest that costs it nothing."""
QUANTISED_WITH = 128
"""Most samples that int8 ranges are taken from: more hardly move them, and each is held in memory at every operator."""
INTEGER = ("QLinear", "MatMulInteger", "ConvInteger", "DynamicQuantize", "QuantizeLinear", "DequantizeLinear")


@dataclass(frozen=True)
class Made:
    """A variant's files and the costs of its stages."""

    name: str
    precision: str
    files: tuple[Path, ...]
    costs: tuple[StageCost, ...]


@dataclass(frozen=True)
class Answered:
    """What a variant's last exit says, by wire: on the calibration slice and on the scored one."""

    variant: Made
    calibration: dict[str, Answers]
    scored: dict[str, Answers]


def is_integer(model: onnx.ModelProto) -> bool:
    """Whether a model computes with int8 already."""
    return any(node.op_type.startswith(INTEGER) for node in model.graph.node)


def write_stages(folder: Path, name: str, parts: Sequence[Part]) -> Made:
    """Write the stages as they were cut."""
    import onnx

    precision = "int8" if any(is_integer(part.model) for part in parts) else "fp32"
    files = []
    for index, part in enumerate(parts):
        files.append(folder / f"{name}.stage{index}.{precision}.onnx")
        onnx.save(part.model, files[-1])
    return Made(f"{name}-{precision}", precision, tuple(files), tuple(part.cost for part in parts))


def write_quantised(folder: Path, name: str, source: Made, calibration: Material, size: int) -> Made:
    """Write the stages in int8, their ranges taken from the calibration slice; InputError when they are already."""
    import onnx

    from telcoai.workload.quantisation import next_inputs, prepare, quantise_stage

    if source.precision == "int8":
        raise InputError("the model computes with int8 already", "leave --quantise out, or import its fp32 original")
    inputs = [value[None] for value in islice(calibration.fed(size), QUANTISED_WITH)]
    files, costs = [], []
    for index, (path, cost) in enumerate(zip(source.files, source.costs, strict=True)):
        target, prepared = folder / f"{name}.stage{index}.int8.onnx", folder / "prepared.onnx"
        prepare(path, prepared)
        own = [node.name for node in onnx.load(prepared).graph.node if node.name.startswith(MARK)]
        quantise_stage(prepared, target, inputs, own)
        prepared.unlink()
        files.append(target)
        costs.append(replace(cost, param_bytes=param_bytes(onnx.load(target))))
        inputs = next_inputs(path, inputs)
    return Made(f"{name}-int8", "int8", tuple(files), tuple(costs))


def answer(variant: Made, calibration: Material, scored: Material, size: int) -> Answered:
    """Run every sample through a variant, over both wires."""
    chain = Chain(variant.files)
    return Answered(variant, chain.answers(calibration.fed(size), WIRES), chain.answers(scored.fed(size), WIRES))


def accuracy(answers: Answers, material: Material) -> float:
    """Share of right answers of the last exit."""
    return answers.accuracy(material.labels)[-1]


def agreement(one: Answers, other: Answers) -> float:
    """Share of samples that two variants' last exits say the same of."""
    return float(np.mean(one.prediction[:, -1] == other.prediction[:, -1]))
