"""A model taken apart, and put together again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from telcoai.errors import InputError
from telcoai.workload.cost import param_bytes
from telcoai.workload.cutting.candidates import candidates
from telcoai.workload.importing.composition import compare, run_stages
from telcoai.workload.importing.material import Material
from telcoai.workload.importing.reading import graph_of
from telcoai.workload.importing.source import fix_sizes
from telcoai.workload.importing.stages import parts_of
from telcoai.workload.importing.whole import outputs_of
from tests.unit.workload.importing import tiny_models as tiny

INPUTS = np.random.default_rng(0).normal(0, 1, (10, 3, 8, 8)).astype(np.float32)
MATERIAL = Material("inputs", INPUTS, np.zeros(10, np.int64))


@pytest.fixture
def net(tmp_path):
    path = tiny.classifier(tmp_path / "net.onnx")
    model = fix_sizes(onnx.load(path), {"image": (1, 3, 8, 8)}, {})
    return path, model, graph_of(model, {"image": INPUTS[:1]}, path)


def saved(parts, folder: Path) -> list[Path]:
    paths = [folder / f"{number}.onnx" for number in range(len(parts))]
    for part, path in zip(parts, paths, strict=True):
        onnx.save(part.model, path)
    return paths


def test_cut_anywhere_the_stages_say_what_the_whole_says(net, tmp_path):
    path, model, graph = net
    whole = outputs_of(model, path, MATERIAL, 0)
    for cut in candidates(graph):
        parts = parts_of(model, graph, [cut])
        composition = compare(whole, run_stages(saved(parts, tmp_path), MATERIAL, 0), 1e-6)
        assert composition.samples == 10
        assert sum(part.cost.flops for part in parts) == graph.flops
        assert parts[0].cost.flops == cut.flops_before
        assert parts[0].cost.activation_shape == cut.shape[1:]


def test_ends_have_the_names_that_runtimes_know(net):
    _, model, graph = net
    parts = parts_of(model, graph, candidates(graph)[:2])
    ends = [[value.name for value in (*p.model.graph.input, *p.model.graph.output)] for p in parts]
    assert ends == [["image", "activation"], ["activation_in", "activation"], ["activation_in", "logits"]]


def test_weights_are_where_they_are_needed(net):
    _, model, graph = net
    (cut,) = [one for one in candidates(graph) if one.tensor == "open"]
    first, last = parts_of(model, graph, [cut])
    assert {w.name for w in first.model.graph.initializer} == {"kernel"}
    assert {w.name for w in last.model.graph.initializer} == {"kernel", "weights"}
    assert last.cost.param_bytes == param_bytes(model)


def test_flops_are_two_a_multiply_add(net):
    _, _, graph = net
    assert graph.flops == 2 * (2 * 8 * 8 * 3 * 3 * 9 + 3 * 3)


def test_what_inner_graphs_take_from_outside_is_needed():
    inner = [
        helper.make_graph(
            [helper.make_node("Mul", ["a", name], ["m"])],
            "branch",
            [],
            [helper.make_tensor_value_info("m", TensorProto.FLOAT, (1, 2))],
        )
        for name in ("x", "a")
    ]
    nodes = [
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("ReduceMax", ["x"], ["top"], keepdims=0),
        helper.make_node("Cast", ["top"], ["whether"], to=TensorProto.BOOL),
        helper.make_node("If", ["whether"], ["y"], then_branch=inner[0], else_branch=inner[1]),
    ]
    ends = [[helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 2))] for name in "xy"]
    model = helper.make_model(helper.make_graph(nodes, "tiny", *ends), opset_imports=tiny.OPSET, ir_version=8)
    graph = graph_of(model, {"x": np.ones((1, 2), np.float32)}, Path("tiny.onnx"))
    assert set(graph.steps[-1].inputs) == {"whether", "a", "x"}
    assert not candidates(graph)


def test_a_difference_beyond_the_tolerance_is_refused():
    whole = np.array([[1.0, -4.0]], np.float32)
    assert compare(whole, whole + 0.004, 1e-2).relative == pytest.approx(1e-3, rel=1e-3)
    with pytest.raises(InputError, match="differ from the whole model by"):
        compare(whole, whole + 0.004, 1e-4)
    with pytest.raises(InputError, match="aren't finite"):
        compare(whole, np.array([[np.nan, 1.0]], np.float32), 1.0)
    assert compare(np.zeros((1, 2), np.float32), np.zeros((1, 2), np.float32), 0.0).relative == 0.0
