"""The text of a workload's file."""

from __future__ import annotations

import yaml

from telcoai.workload.cost import StageCost
from telcoai.workload.writing import Items, Row, document, stage_row, text_of


def test_rows_are_on_one_line_each_and_the_rest_in_blocks():
    spec = {"stages": [stage_row("a.onnx", StageCost(10, 20, (4, 8)))], "table": [Items([0.5, 1.0, 0.9])]}
    text = text_of(document("mine", spec | {"exit": Row(accuracy=0.5)}))
    lines = text.splitlines()
    assert "  - {file: a.onnx, flops: 10, param_bytes: 20, activation_shape: [4, 8]}" in lines
    assert "  - [0.5, 1.0, 0.9]" in lines
    assert yaml.safe_load(text)["spec"]["exit"] == {"accuracy": 0.5}
    assert yaml.safe_load(text)["metadata"] == {"name": "mine"}
