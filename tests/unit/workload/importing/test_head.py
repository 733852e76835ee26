"""An output made an answer."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from telcoai.errors import InputError
from telcoai.workload.cutting.graph import Tensor
from telcoai.workload.importing.head import SHARPNESS, add_centroids, add_vector, centroids_of, keep_output
from tests.unit.workload.importing import tiny_models as tiny


def passing(*shape: int) -> onnx.ModelProto:
    """A model that gives what it takes."""
    ends = [[helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)] for name in "xy"]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "tiny", *ends)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def said(model: onnx.ModelProto, value: np.ndarray) -> np.ndarray:
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": value})[0]


def test_a_softmax_at_the_end_is_left_out(tmp_path):
    model = onnx.load(tiny.classifier(tmp_path / "net.onnx", softmax=True))
    assert keep_output(model, None) == "scores"
    assert [output.name for output in model.graph.output] == ["scores"]


def test_of_several_outputs_one_has_to_be_chosen(tmp_path):
    model = onnx.load(tiny.classifier(tmp_path / "net.onnx"))
    model.graph.output.append(onnx.ValueInfoProto(name="pooled"))
    with pytest.raises(InputError, match="2 outputs: scores, pooled"):
        keep_output(model, None)
    with pytest.raises(InputError, match="no output 'open'"):
        keep_output(model, "open")
    assert keep_output(model, "pooled") == "pooled"


@pytest.mark.parametrize(("pool", "expected"), [("mean", [2.0, 3.0]), ("first", [0.0, 1.0])])
def test_a_sequence_becomes_one_vector(pool, expected):
    model = passing(1, 3, 2)
    assert add_vector(model, Tensor((1, 3, 2), "float32"), pool) == 2
    assert said(model, np.arange(6, dtype=np.float32).reshape(1, 3, 2)).tolist() == [expected]


@pytest.mark.parametrize("shape", [(1, 5), (1, 5, 1, 1), (1, 1, 5), (5,)])
def test_a_vector_loses_its_dimensions_of_one(shape):
    model = passing(*shape)
    assert add_vector(model, Tensor(shape, "float32"), None) == 5
    assert said(model, np.zeros(shape, np.float32)).shape == (1, 5)


@pytest.mark.parametrize(
    ("shape", "datatype", "pool", "reason"),
    [
        ((1, 3, 2), "float32", None, "a sequence of vectors"),
        ((1, 3), "float32", "mean", "--pool doesn't go with it"),
        ((1, 3, 4, 4), "float32", None, "is no vector"),
        ((1, 1), "float32", None, "is no vector"),
        ((1, 3), "int64", None, "need float scores"),
    ],
)
def test_outputs_that_are_no_vector_are_refused(shape, datatype, pool, reason):
    with pytest.raises(InputError, match=reason):
        add_vector(passing(*shape), Tensor(shape, datatype), pool)


@given(st.integers(0, 99))
def test_logits_are_cosines_to_the_centroids(seed):
    random = np.random.default_rng(seed)
    vectors, labels = random.normal(0, 1, (12, 4)).astype(np.float32), np.arange(12) % 3
    centroids = centroids_of(vectors, labels)
    model = passing(1, 4)
    add_centroids(model, centroids)
    cosines = vectors[0] @ centroids.T / np.linalg.norm(vectors[0])
    assert np.allclose(said(model, vectors[:1])[0], SHARPNESS * cosines, atol=1e-4)
    assert np.allclose(np.linalg.norm(centroids, axis=1), 1.0, atol=1e-5)


def test_a_vector_of_zeros_has_finite_logits():
    model = passing(1, 4)
    add_centroids(model, np.eye(4, dtype=np.float32))
    assert np.isfinite(said(model, np.zeros((1, 4), np.float32))).all()


def test_a_class_without_samples_has_no_centroid():
    with pytest.raises(InputError, match="of class 1 there is no sample"):
        centroids_of(np.ones((2, 4), np.float32), np.array([0, 2]))
