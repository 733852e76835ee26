"""Reading a model and fixing its sizes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from telcoai.errors import InputError
from telcoai.workload.importing.source import fix_sizes, need_onnx, read_model, simplify
from tests.unit.workload.importing import tiny_models as tiny


def sizes(model: onnx.ModelProto, name: str = "image") -> list[int]:
    (value,) = [one for one in model.graph.input if one.name == name]
    return [dim.dim_value for dim in value.type.tensor_type.shape.dim]


def test_without_onnx_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(InputError, match="needs the package onnx") as caught:
        need_onnx()
    assert "telcoai[import]" in caught.value.hint


def test_a_file_that_is_no_model_is_refused(tmp_path):
    broken = tmp_path / "broken.onnx"
    for content in (b"not a model at all", tiny.classifier(tmp_path / "net.onnx").read_bytes()[:200], b""):
        broken.write_bytes(content)
        with pytest.raises(InputError, match="not a sound ONNX model"):
            read_model(broken)
    with pytest.raises(InputError, match="No such file"):
        read_model(tmp_path / "missing.onnx")


def test_an_unknown_operator_is_named(tmp_path):
    end = ("x", TensorProto.FLOAT, [1, 2]), ("y", TensorProto.FLOAT, [1, 2])
    for domain in ("", "my.own"):
        path = tmp_path / "strange.onnx"
        nodes = [helper.make_node("Frobnicate", ["x"], ["y"], domain=domain)]
        tiny.saved(path, nodes, [end[0]], [end[1]], {})
        model = onnx.load(path)
        if domain:
            model.opset_import.append(helper.make_opsetid(domain, 1))
        onnx.save(model, path)
        with pytest.raises(InputError, match=r"knows no operator .*Frobnicate"):
            simplify(read_model(path), path)


def test_an_open_batch_becomes_one_and_other_sizes_are_asked_for(tmp_path):
    model = read_model(tiny.classifier(tmp_path / "net.onnx"))
    assert sizes(fix_sizes(model, {"image": (1, 3, 8, 8)}, {})) == [1, 3, 8, 8]
    with pytest.raises(InputError, match=r"dimension 2 \(S\) of input image is dynamic") as caught:
        fix_sizes(model, {}, {})
    assert "--shape image=1,3,S,S" in caught.value.hint


def test_shapes_and_names_that_are_not_the_models_are_refused(tmp_path):
    model = read_model(tiny.classifier(tmp_path / "net.onnx"))
    for shapes, reason in (
        ({"image": (1, 4, 8, 8)}, "doesn't fit"),
        ({"image": (1, 3, 8)}, "doesn't fit"),
        ({"image": (2, 3, 8, 8)}, "2 samples at once"),
        ({"picture": (1, 3, 8, 8)}, "no input 'picture'"),
    ):
        with pytest.raises(InputError, match=reason):
            fix_sizes(model, shapes, {})


def test_an_input_that_never_changes_becomes_a_constant(tmp_path):
    model = read_model(tiny.embedder(tmp_path / "net.onnx"))
    shapes = {name: (1, 4) for name in ("tokens", "mask")}
    fixed = fix_sizes(model, shapes, {"mask": 1})
    assert [value.name for value in fixed.graph.input] == ["tokens"]
    weights = {one.name: numpy_helper.to_array(one) for one in fixed.graph.initializer}
    assert np.array_equal(weights["mask"], np.ones((1, 4), np.int64))
    with pytest.raises(InputError, match=r"can't hold 0\.5"):
        fix_sizes(model, shapes, {"mask": 0.5})


def test_operators_imported_twice_are_imported_once(tmp_path):
    model = onnx.load(tiny.classifier(tmp_path / "net.onnx"))
    model.opset_import.append(model.opset_import[0])
    simple = simplify(fix_sizes(model, {"image": (1, 3, 8, 8)}, {}), Path("net.onnx"))
    domains = [one.domain for one in simple.opset_import]
    assert len(domains) == len(set(domains))
