from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from telcoai.model.workload import UNSURE
from telcoai.serving.config import StageConfig, VariantConfig
from telcoai.serving.stage_runs import Sessions

FRAME = bytes(range(12))


def write(path: Path, *nodes: onnx.NodeProto, takes: tuple[str, int], gives: str) -> Path:
    weights = [numpy_helper.from_array(np.eye(12, 3, dtype=np.float32), "weights")]
    graph = helper.make_graph(
        list(nodes),
        "stage",
        [helper.make_tensor_value_info(takes[0], takes[1], None)],
        [helper.make_tensor_value_info(gives, TensorProto.FLOAT, None)],
        weights,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), str(path))
    return path


@pytest.fixture
def variant(tmp_path: Path) -> VariantConfig:
    first = helper.make_node("Cast", ["frame"], ["activation"], to=TensorProto.FLOAT)
    flat = helper.make_node("Flatten", ["activation_in"], ["flat"])
    last = helper.make_node("MatMul", ["flat", "weights"], ["logits"])
    stages = (
        StageConfig(
            write(tmp_path / "0.onnx", first, takes=("frame", TensorProto.UINT8), gives="activation"), (2, 2, 3), False
        ),
        StageConfig(write(tmp_path / "1.onnx", flat, last, takes=("activation_in", 1), gives="logits"), ()),
    )
    return VariantConfig("tiny", "fp32", 2, stages, ("run", "run"))


def test_a_stage_without_exit_gives_its_activation_and_a_confidence_below_every_threshold(variant):
    (output,) = Sessions().run_stage(variant, 0, [(FRAME, 1.0)], "fp16")
    assert output.confidence == UNSURE < 0.0
    assert output.logits is None
    assert not output.is_replayed
    assert np.frombuffer(output.activation, np.float16).tolist() == list(FRAME)


def test_the_stage_behind_it_answers(variant):
    sessions = Sessions()
    (first,) = sessions.run_stage(variant, 0, [(FRAME, 1.0)], "fp16")
    (last,) = sessions.run_stage(variant, 1, [(first.activation, first.scale)], "fp16")
    assert (last.prediction, last.activation) == (2, b"")
    assert last.logits is not None


@pytest.mark.parametrize("size", ["N", 1])
def test_samples_of_a_batch_get_what_each_of_them_gets_alone(tmp_path: Path, size: str | int) -> None:
    """Whether the graph takes them together or, with a fixed batch dimension, one after the other."""
    cast = helper.make_node("Cast", ["frame"], ["float"], to=TensorProto.FLOAT)
    flat = helper.make_node("Flatten", ["float"], ["flat"])
    last = helper.make_node("MatMul", ["flat", "weights"], ["logits"])
    path = write(tmp_path / "whole.onnx", cast, flat, last, takes=("frame", TensorProto.UINT8), gives="logits")
    model = onnx.load(path)
    model.graph.input[0].CopyFrom(helper.make_tensor_value_info("frame", TensorProto.UINT8, [size, 2, 2, 3]))
    onnx.save(model, path)
    whole = VariantConfig("whole", "fp32", 2, (StageConfig(path, ()),), ("run",))
    sessions, frames = Sessions(), [bytes(12 * [k]) if k % 2 else FRAME for k in range(5)]
    together = sessions.run_stage(whole, 0, [(frame, 1.0) for frame in frames], "fp16")
    alone = [sessions.run_stage(whole, 0, [(frame, 1.0)], "fp16")[0] for frame in frames]
    assert sessions.is_for_one(path) == (size == 1)
    assert [(one.prediction, one.confidence) for one in together] == [(one.prediction, one.confidence) for one in alone]
