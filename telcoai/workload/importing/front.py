"""What an image model gets before it: pixels as they come from a camera become what it was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from telcoai.errors import InputError
from telcoai.workload.importing.wiring import Wiring, rename

if TYPE_CHECKING:
    import onnx

Layout = Literal["nchw", "nhwc"]
FRAME = "frame"
CHANNELS = 3


@dataclass(frozen=True, slots=True)
class Pixels:
    """How a model takes pixels: (pixel - mean) / std of each channel, pixels from 0 to 255. ``layout`` None: guess."""

    mean: tuple[float, ...] = (0.0,) * CHANNELS
    std: tuple[float, ...] = (1.0,) * CHANNELS
    layout: Layout | None = None

    def __post_init__(self) -> None:
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) != CHANNELS:
                raise InputError(f"--{name} needs {CHANNELS} numbers, one a channel, not {len(values)}")
        if not all(value > 0 for value in self.std):
            raise InputError("--std needs numbers above 0")


def add_front(model: onnx.ModelProto, pixels: Pixels) -> int:
    """Let the model take ``frame``, uint8 1 × S × S × 3, instead of its one input; in place. Returns S.

    InputError when the input is no square image.
    """
    import onnx

    old = model.graph.input[0]
    shape = tuple(dim.dim_value for dim in old.type.tensor_type.shape.dim)
    layout, size = _image(old.name, shape, pixels.layout)
    kind = old.type.tensor_type.elem_type
    del model.graph.input[:]
    model.graph.input.append(
        onnx.helper.make_tensor_value_info(FRAME, onnx.TensorProto.UINT8, (1, size, size, CHANNELS))
    )
    rename(model, old.name, _prepare(model, pixels, layout, kind))
    return size


def _prepare(model: onnx.ModelProto, pixels: Pixels, layout: Layout, kind: int) -> str:
    """Add the operators that make the model's input of the frame; returns its name."""
    import onnx

    wiring, at, x = Wiring(model, "front"), 0, FRAME
    numpy_kind = onnx.helper.tensor_dtype_to_np_dtype(kind)
    if layout == "nchw":
        x, at = wiring.node("Transpose", x, at=at, perm=[0, 3, 1, 2]), at + 1
    x, at = wiring.node("Cast", x, at=at, to=kind), at + 1
    changed = pixels.mean != (0.0,) * CHANNELS or pixels.std != (1.0,) * CHANNELS
    if changed and not np.issubdtype(numpy_kind, np.floating):
        raise InputError(f"the model takes {numpy_kind} pixels as they are: --mean and --std don't go with it")
    if changed:
        shape = (1, CHANNELS, 1, 1) if layout == "nchw" else (1, 1, 1, CHANNELS)
        mean, scale = (
            wiring.constant(_each(values, shape, numpy_kind)) for values in (pixels.mean, _inverse(pixels.std))
        )
        x, at = wiring.node("Sub", x, mean, at=at), at + 1
        x = wiring.node("Mul", x, scale, at=at)
    return x


def _each(values: Sequence[float], shape: tuple[int, ...], kind: np.dtype[np.generic]) -> np.ndarray:
    return np.array(values).reshape(shape).astype(kind)


def _inverse(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(1.0 / value for value in values)


def _image(name: str, shape: tuple[int, ...], wanted: Layout | None) -> tuple[Layout, int]:
    """Layout and side of an image input; InputError when it is no square of three channels."""
    written = ",".join(map(str, shape))
    fitting: list[tuple[Layout, int]] = []
    if len(shape) == 4 and shape[1] == CHANNELS and shape[2] == shape[3]:
        fitting.append(("nchw", shape[2]))
    if len(shape) == 4 and shape[3] == CHANNELS and shape[1] == shape[2]:
        fitting.append(("nhwc", shape[1]))
    fitting = [one for one in fitting if wanted in (None, one[0])]
    if not fitting:
        as_layout = f" in layout {wanted}" if wanted else ""
        raise InputError(
            f"the samples are frames, but input {name} of shape {written} is no square image of 3 channels{as_layout}",
            "give samples with an array inputs of the model's own shape",
        )
    if len(fitting) > 1:
        raise InputError(f"input {name} of shape {written} may be nchw or nhwc", "say --layout nchw or --layout nhwc")
    return fitting[0]
