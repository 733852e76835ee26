"""What a model gets behind it: its output becomes logits, one a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from telcoai.errors import InputError
from telcoai.workload.cutting.graph import Tensor
from telcoai.workload.importing.wiring import Wiring

if TYPE_CHECKING:
    import onnx

Pool = Literal["mean", "first"]
SHARPNESS = 20.0
"""Logits are cosines times this, as in the training of sentence embedders (scale of a multiple-negatives ranking
loss); it decides how sure an answer sounds, not which it is."""
SMALLEST = 1e-12
"""A vector shorter than this stays as it is, near zero, instead of being divided by nothing."""


def keep_output(model: onnx.ModelProto, name: str | None) -> str:
    """Leave the model with one output, that of ``name`` or its only one; in place. Returns its name.

    A softmax at the end is left out: the answer stays the same, and its confidence is taken from logits anyway.
    """
    import onnx

    names = [output.name for output in model.graph.output]
    if name is None and len(names) > 1:
        raise InputError(
            f"the model has {len(names)} outputs: {', '.join(names)}", "choose one with --output-name NAME"
        )
    if name is not None and name not in names:
        raise InputError(f"the model has no output {name!r}", f"its outputs are {', '.join(names)}")
    kept = name or names[0]
    makers = {output: node for node in model.graph.node for output in node.output}
    if kept in makers and makers[kept].op_type == "Softmax":
        kept = makers[kept].input[0]
    del model.graph.output[:]
    model.graph.output.append(onnx.ValueInfoProto(name=kept))
    return kept


def add_vector(model: onnx.ModelProto, output: Tensor, pool: Pool | None) -> int:
    """Make the ``output`` one float32 vector 1 × D; in place. Returns D. InputError when it is no vector.

    ``pool``: how vectors of a sequence, 1 × length × D, become one: their mean or the first one.
    """
    import onnx

    name, sizes = model.graph.output[0].name, output.shape
    if not output.datatype.startswith("float"):
        raise InputError(
            f"output {name} is {output.datatype}, and answers need float scores",
            "choose another with --output-name NAME",
        )
    wiring = Wiring(model, "vector")
    if output.datatype != "float32":
        name = wiring.node("Cast", name, to=onnx.TensorProto.FLOAT)
    if len(sizes) == 3 and sizes[0] == 1 and sizes[1] > 1:
        if pool is None:
            raise InputError(
                f"output {name} of shape {_written(sizes)} is a sequence of vectors, not one",
                "say --pool mean or --pool first, or choose another with --output-name NAME",
            )
        weights = np.zeros((1, 1, sizes[1]), np.float32)
        weights[..., :1] = 1.0
        weights = np.full_like(weights, 1.0 / sizes[1]) if pool == "mean" else weights
        name, sizes = wiring.node("MatMul", wiring.constant(weights), name), (1, 1, sizes[2])
    elif pool is not None:
        raise InputError(
            f"output {name} of shape {_written(sizes)} is no sequence of vectors: --pool doesn't go with it"
        )
    values = int(np.prod(sizes))
    if not sizes or max(sizes) != values or values < 2:
        raise InputError(
            f"output {name} of shape {_written(sizes)} is no vector", "choose another with --output-name NAME"
        )
    _end(model, wiring.reshape(name, 1, values), values)
    return values


def add_centroids(model: onnx.ModelProto, centroids: NDArray[np.float32]) -> None:
    """Follow the vector 1 × D by cosines to ``centroids`` (classes × D, of length one); in place."""
    wiring, x = Wiring(model, "head"), model.graph.output[0].name
    classes, width = centroids.shape
    squares = wiring.node("MatMul", wiring.node("Mul", x, x), wiring.constant(np.ones((width, 1), np.float32)))
    length = wiring.node("Sqrt", squares)
    unit = wiring.node("Div", x, wiring.node("Max", length, wiring.constant(np.array([SMALLEST], np.float32))))
    scaled = wiring.constant((SHARPNESS * centroids.T).astype(np.float32))
    _end(model, wiring.node("MatMul", unit, scaled), classes)


def centroids_of(vectors: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Mean direction of each class's vectors (n × D), of length one: classes × D.

    InputError when a class up to the largest label has no vector.
    """
    units = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), SMALLEST)
    present = np.bincount(labels)
    if not present.all():
        missing = [int(label) for label in np.flatnonzero(present == 0)]
        raise InputError(
            f"of class {', '.join(map(str, missing[:5]))} there is no sample to make a centroid of",
            "a larger --calibration or more samples; labels count from 0 without gaps",
        )
    means = np.stack([units[labels == label].mean(0) for label in range(len(present))])
    return np.asarray(means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), SMALLEST), np.float32)


def _end(model: onnx.ModelProto, name: str, values: int) -> None:
    import onnx

    del model.graph.output[:]
    model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, (1, values)))


def _written(shape: Sequence[int]) -> str:
    return ",".join(map(str, shape)) or "()"
