from __future__ import annotations

import contextlib
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.serving.inference import HEADER_LENGTH, one_raw_input, read_inference, scalar, write_inference
from telcoai.serving.refusals import Refused
from telcoai.serving.tensors import Spec

INPUT = {"name": "x", "datatype": "FP32", "shape": [1], "data": [1]}
VALUES = {
    "prediction": (Spec("prediction", "INT64", (1, 1)), scalar(3, np.int64)),
    "confidence": (Spec("confidence", "FP32", (1, 1)), scalar(0.5, np.float32)),
}


def body(**parts: object) -> bytes:
    return json.dumps({"inputs": [INPUT]} | parts).encode()


def test_the_form_between_hops_reads_back() -> None:
    headers, raw = one_raw_input("activation", "FP16", (1, 2, 2), bytes(8))
    tensor = read_inference(raw, headers[HEADER_LENGTH]).inputs["activation"]
    assert (tensor.shape, tensor.raw) == ((1, 2, 2), bytes(8))


def test_only_the_outputs_asked_for_come_back_each_in_its_form() -> None:
    asked = [{"name": "confidence", "parameters": {"binary_data": True}}, {"name": "prediction"}]
    response = write_inference("m", read_inference(body(id="7", outputs=asked), None), {"exit": 1}, VALUES)
    length = int(response.headers[HEADER_LENGTH])
    document = json.loads(response.body[:length])
    assert response.body[length:] == struct.pack("<f", 0.5)
    assert document["id"] == "7"
    assert document["parameters"] == {"exit": 1}
    assert [one["name"] for one in document["outputs"]] == ["confidence", "prediction"]
    assert document["outputs"][0]["parameters"] == {"binary_data_size": 4}
    assert document["outputs"][1]["data"] == [3]


def test_binary_data_output_is_the_default_of_all_outputs() -> None:
    wanted = read_inference(body(parameters={"binary_data_output": True}), None)
    response = write_inference("m", wanted, {}, VALUES)
    assert response.body.endswith(struct.pack("<qf", 3, 0.5))
    plain = write_inference("m", read_inference(body(), None), {}, VALUES)
    assert HEADER_LENGTH not in plain.headers
    assert "id" not in json.loads(plain.body)


@pytest.mark.parametrize(
    ("raw", "length"),
    [
        (b"", None),
        (b"[]", None),
        (b"{}", None),
        (b'{"inputs": []}', None),
        (b'{"inputs": [1]}', None),
        (b"[" * 5000, None),
        (body(id=7), None),
        (body(outputs={}), None),
        (body(outputs=[{}]), None),
        (body(outputs=[{"name": "prediction", "parameters": {"classification": 2}}]), None),
        (body(parameters=[]), None),
        (body(inputs=[INPUT, INPUT]), None),
        (body(inputs=[INPUT | {"parameters": {"binary_data_size": 4}}]), None),
        (body(inputs=[INPUT | {"parameters": {"binary_data_size": -1}}]), None),
        (body(inputs=[INPUT | {"parameters": {"shared_memory_region": "a"}}]), None),
        (body() + b"left over", str(len(body()))),
        (body(), "9999"),
        (body(), "-1"),
        (body(), "x"),
    ],
)
def test_requests_that_make_no_sense_are_refused(raw: bytes, length: str | None) -> None:
    with pytest.raises(Refused) as refusal:
        read_inference(raw, length)
    assert refusal.value.status == 400


KEYS = ["inputs", "outputs", "id", "name", "shape", "datatype", "data", "parameters", "binary_data_size"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(KEYS), JSON), st.binary(max_size=20), st.none() | st.text(max_size=3))
def test_any_json_is_read_or_refused(document: dict[str, object], rest: bytes, length: str | None) -> None:
    with contextlib.suppress(Refused):
        inference = read_inference(json.dumps(document).encode() + rest, length)
        for tensor in inference.inputs.values():
            tensor.array()
