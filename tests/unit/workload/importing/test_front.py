"""Pixels as cameras send them, made what a model takes."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from telcoai.errors import InputError
from telcoai.workload.importing.front import Pixels, add_front

CHANNELS = st.tuples(*[st.floats(0, 255)] * 3)
SPREADS = st.tuples(*[st.floats(0.5, 255)] * 3)


def passing(shape: tuple[int, ...], kind: int = TensorProto.FLOAT) -> onnx.ModelProto:
    """A model that gives what it takes."""
    ends = [[helper.make_tensor_value_info(name, kind, shape)] for name in "xy"]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "tiny", *ends)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def said(model: onnx.ModelProto, frame: np.ndarray) -> np.ndarray:
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"frame": frame[None]})[0][0]


@given(CHANNELS, SPREADS, st.sampled_from(["nchw", "nhwc"]), st.integers(0, 9))
def test_each_channel_is_shifted_and_scaled(mean, std, layout, seed):
    frame = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
    model = passing((1, 3, 4, 4) if layout == "nchw" else (1, 4, 4, 3))
    assert add_front(model, Pixels(mean, std)) == 4
    expected = (frame - np.array(mean)) / np.array(std)
    expected = expected.transpose(2, 0, 1) if layout == "nchw" else expected
    assert np.allclose(said(model, frame), expected, rtol=1e-4, atol=1e-3)


def test_pixels_stay_as_they_are_unless_said():
    frame = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    model = passing((1, 4, 4, 3), TensorProto.UINT8)
    add_front(model, Pixels())
    assert np.array_equal(said(model, frame), frame)


@pytest.mark.parametrize(
    ("shape", "pixels", "reason"),
    [
        ((1, 3, 4, 5), Pixels(), "no square image"),
        ((1, 1, 4, 4), Pixels(), "no square image"),
        ((1, 12), Pixels(), "no square image"),
        ((1, 3, 4, 4), Pixels(layout="nhwc"), "in layout nhwc"),
        ((1, 3, 3, 3), Pixels(), "may be nchw or nhwc"),
    ],
)
def test_inputs_that_are_no_square_image_are_refused(shape, pixels, reason):
    with pytest.raises(InputError, match=reason):
        add_front(passing(shape), pixels)


def test_an_image_of_three_pixels_a_side_needs_its_layout():
    assert add_front(passing((1, 3, 3, 3)), Pixels(layout="nchw")) == 3


def test_integer_pixels_are_not_scaled():
    with pytest.raises(InputError, match="uint8 pixels as they are"):
        add_front(passing((1, 4, 4, 3), TensorProto.UINT8), Pixels(std=(2.0, 2.0, 2.0)))


def test_spreads_have_to_be_above_zero():
    with pytest.raises(InputError, match="above 0"):
        Pixels(std=(1.0, 0.0, 1.0))
    with pytest.raises(InputError, match="3 numbers"):
        Pixels(mean=(1.0,))
