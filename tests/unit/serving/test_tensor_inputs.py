"""Variants that take a tensor instead of a frame, as a runtime serves them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from telcoai.errors import InputError
from telcoai.model.tensor_input import TensorInput
from telcoai.serving.catalog import Catalog
from telcoai.serving.config import NodeConfig, StageConfig, VariantConfig, read_config
from telcoai.serving.jobs import Job
from telcoai.serving.ledger import Ledger
from telcoai.serving.refusals import Refused
from telcoai.serving.routes import local_route
from telcoai.serving.samples import Samples
from telcoai.serving.stage_runs import Sessions

TENSOR = TensorInput("FP32", (5, 2))


def model(path: Path) -> Path:
    """Sums over the first axis: logits are the two columns' sums."""
    graph = helper.make_graph(
        [helper.make_node("ReduceSum", ["sequence", "axes"], ["logits"], keepdims=0)],
        "sums",
        [helper.make_tensor_value_info("sequence", TensorProto.FLOAT, [1, 5, 2])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 2])],
        [numpy_helper.from_array(np.array([1], np.int64), "axes")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def written(tmp_path: Path, **changes: Any) -> NodeConfig:
    variant = {
        "name": "sum",
        "precision": "fp32",
        "input_size": 0,
        "tensor": {"datatype": "FP32", "shape": [5, 2]},
        "stages": [{"path": "a.onnx", "activation_shape": []}],
        "compute": ["run"],
    } | changes.pop("variant", {})
    config = {
        "node": "edge",
        "tier": "edge",
        "listen": ["127.0.0.1", 0],
        "control": "c.sock",
        "token_file": "token",
        "cores": 1,
        "queue": 1,
        "peers": {},
        "services": {"motion": "sums"},
        "workloads": {"sums": {"classes": 2, "variants": [variant]}},
    } | changes
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    return read_config(path)


def test_metadata_tell_the_tensor_of_variants_and_of_services(tmp_path: Path) -> None:
    catalog = Catalog(written(tmp_path))
    tensor = {"name": "input", "datatype": "FP32", "shape": [1, 5, 2]}
    assert catalog.metadata("sum")["inputs"] == [tensor]
    assert catalog.metadata("motion")["inputs"][1] == tensor | {"optional": True}


def test_a_tensor_is_run_as_it_is(tmp_path: Path) -> None:
    variant = VariantConfig("sum", "fp32", 0, (StageConfig(model(tmp_path / "a.onnx"), ()),), ("run",), tensor=TENSOR)
    values = np.arange(10, dtype=np.float32).reshape(5, 2)
    job = Job(local_route("motion", "edge", "sum", 1), Ledger("edge"), frame=values)
    (output,) = Sessions().run_stage(variant, 0, [(job.input_bytes(variant), 1.0)], "fp16")
    assert output.logits is not None
    assert output.logits.tolist() == [[20.0, 25.0]]
    assert output.prediction == 1


def test_tensors_dont_travel_as_jpeg(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't travel as JPEG"):
        written(tmp_path, frames={"motion": "jpeg"})


@pytest.mark.parametrize("change", [{"tensor": None}, {"input_size": 32}])
def test_a_variant_takes_either_a_frame_or_a_tensor(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="either an input_size or a tensor"):
        written(tmp_path, variant=change)


def test_samples_are_the_rows_of_inputs(tmp_path: Path) -> None:
    rows = np.random.default_rng(1).standard_normal((3, 5, 2)).astype(np.float32)
    np.savez(tmp_path / "s.npz", inputs=rows)
    samples = Samples()
    assert (samples.input(tmp_path / "s.npz", 2, TENSOR) == rows[2]).all()
    with pytest.raises(Refused, match="sample 3"):
        samples.input(tmp_path / "s.npz", 3, TENSOR)


@pytest.mark.parametrize("rows", [np.zeros((3, 5, 2)), np.zeros((3, 2, 5), np.float32)])
def test_samples_of_another_datatype_or_shape_are_refused(tmp_path: Path, rows: Any) -> None:
    np.savez(tmp_path / "s.npz", inputs=rows)
    with pytest.raises(Refused, match=r"not n × FP32 \[5, 2\]"):
        Samples().input(tmp_path / "s.npz", 0, TENSOR)
