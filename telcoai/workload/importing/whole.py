"""The whole model, ready to be cut: its sizes fixed, samples go in as they come, logits come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from telcoai.errors import InputError
from telcoai.model.tensor_input import NUMPY
from telcoai.workload.cutting.graph import Graph
from telcoai.workload.importing.front import Pixels, add_front
from telcoai.workload.importing.head import Pool, add_centroids, add_vector, centroids_of, keep_output
from telcoai.workload.importing.material import Material
from telcoai.workload.importing.reading import graph_of, seen_tensors
from telcoai.workload.importing.source import (
    Shape,
    fix_sizes,
    open_with,
    read_model,
    run_with,
    session_options,
    simplify,
)
from telcoai.workload.importing.wiring import rename

if TYPE_CHECKING:
    import onnx

Head = Literal["centroids"]
RESERVED = ("frame", "logits", "activation", "activation_in")
"""Names that stages give their inputs and outputs: tensors of a model that have them get others."""


@dataclass(frozen=True)
class Reading:
    """How a user's model is to be read; see the options of ``telcoai model import``."""

    shapes: Mapping[str, Shape] = field(default_factory=dict)
    constants: Mapping[str, float] = field(default_factory=dict)
    output: str | None = None
    pixels: Pixels = field(default_factory=Pixels)
    pool: Pool | None = None
    head: Head | None = None


@dataclass(frozen=True)
class Whole:
    """``model`` has one input and one output, 1 × ``classes``. ``size``: side of the frame, 0 for other inputs."""

    model: onnx.ModelProto
    graph: Graph
    classes: int
    size: int

    @property
    def input(self) -> str:
        """Name of its input."""
        return self.graph.inputs[0]


def make_whole(path: Path, reading: Reading, fitting: Material) -> Whole:
    """Read a model and give it what it lacks, a head fitted to ``fitting``; InputError says why it can't."""
    model = _bare(path, reading)
    size = add_front(model, reading.pixels) if fitting.kind == "frames" else 0
    name, shape = model.graph.input[0].name, _shape(model.graph.input[0])
    feed = {name: next(fitting.fed(size))[None]}
    _refuse_misfit(model.graph.input[0], shape, feed[name])
    output = seen_tensors(model, feed, path)[model.graph.output[0].name]
    width = add_vector(model, output, reading.pool)
    if reading.head == "centroids":
        centroids = centroids_of(outputs_of(model, path, fitting, size), fitting.labels)
        add_centroids(model, centroids)
        width = len(centroids)
    return Whole(model, graph_of(model, feed, path), width, size)


def list_graph(path: Path, reading: Reading) -> Graph:
    """The graph of a model as it is, for a look at where it can be cut; fed with zeros."""
    model = _bare(path, reading, may_have_many=True)
    return graph_of(model, {value.name: _zeros(value) for value in model.graph.input}, path)


def outputs_of(
    model: onnx.ModelProto, path: Path, material: Material, size: int, *, fused: bool = True
) -> NDArray[np.float32]:
    """The model's output to every sample: n × D. Not ``fused``: operator by operator, as it is written."""
    session = open_with(model.SerializeToString(), session_options(fused=fused), path)
    name = session.get_inputs()[0].name
    return np.concatenate([run_with(session, None, {name: value[None]}, path)[0] for value in material.fed(size)])


def _bare(path: Path, reading: Reading, *, may_have_many: bool = False) -> onnx.ModelProto:
    """The user's own part, with one output and, unless it may have many, one input."""
    model = fix_sizes(read_model(path), reading.shapes, reading.constants)
    keep_output(model, reading.output)
    model = simplify(model, path)
    for name in RESERVED:
        rename(model, name, f"model_{name}")
    names = [value.name for value in model.graph.input]
    if len(names) != 1 and not may_have_many:
        raise InputError(
            f"the model has {len(names)} inputs ({', '.join(names)}), and a sample is one",
            "give those that are the same for every sample with --fix NAME=VALUE",
        )
    return model


def _shape(value: onnx.ValueInfoProto) -> Shape:
    return tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)


def _zeros(value: onnx.ValueInfoProto) -> NDArray[Any]:
    import onnx

    return np.zeros(_shape(value), onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type))


def _refuse_misfit(value: onnx.ValueInfoProto, shape: Shape, sample: NDArray[Any]) -> None:
    import onnx

    kind = onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
    if kind.name not in NUMPY.values():
        taken = ", ".join(NUMPY.values())
        raise InputError(f"the model's {value.name} takes {kind}, and inputs travel as {taken}", "export it so")
    if sample.shape != shape or sample.dtype != kind:
        raise InputError(
            f"the samples' inputs are {sample.dtype} {list(sample.shape[1:])}, "
            f"and the model's {value.name} takes {kind} {list(shape[1:])}",
            f"make them so, or give the model another size with --shape {value.name}=…",
        )
