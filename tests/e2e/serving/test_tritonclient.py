from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from telcoai.model.frames import scale
from tests.e2e.serving.asking import wait_ready
from tests.e2e.serving.tiny_family import Runtime, assignment

Start = Callable[..., dict[str, Runtime]]


@pytest.fixture
def client(start: Start) -> Iterator[triton.InferenceServerClient]:
    camera = start({"camera-1": {}})["camera-1"]
    wait_ready(camera)
    camera.put_plan(assignment("camera-1", ["camera-1"] * 3))
    with triton.InferenceServerClient(camera.url) as client:
        yield client


def _input(name: str, values: np.ndarray, datatype: str, binary: bool) -> triton.InferInput:
    tensor = triton.InferInput(name, list(values.shape), datatype)
    tensor.set_data_from_numpy(values, binary_data=binary)
    return tensor


def _frame(family: Path, number: int, size: int) -> np.ndarray:
    with np.load(family / "samples.npz") as arrays:
        return scale(arrays["frames"][number], size)[None]


def test_health_and_metadata_read_as_tritonclient_expects(client: triton.InferenceServerClient) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("small")
    assert client.is_model_ready("vision", "1")
    assert not client.is_model_ready("nothing")
    assert client.get_server_metadata()["name"] == "telcoai"
    assert client.get_model_metadata("large")["inputs"][0]["shape"] == [1, 16, 16, 3]
    assert [one["name"] for one in client.get_model_metadata("vision", "1")["inputs"]] == ["sample", "frame"]
    assert {one["name"] for one in client.get_model_repository_index()} == {"vision", "small", "large"}


@pytest.mark.parametrize("binary", [True, False])
def test_a_whole_variant_gives_its_logits(client: triton.InferenceServerClient, family: Path, binary: bool) -> None:
    frame = _frame(family, 4, 8)
    outputs = [triton.InferRequestedOutput(name, binary_data=binary) for name in ("logits", "prediction", "confidence")]
    result = client.infer("small", [_input("frame", frame, "UINT8", binary)], outputs=outputs, request_id="a-7")
    logits = result.as_numpy("logits")
    assert logits.shape == (1, 10)
    assert result.as_numpy("prediction") == logits.argmax()
    softmax = np.exp(logits - logits.max())
    assert result.as_numpy("confidence")[0, 0] == pytest.approx((softmax / softmax.sum()).max(), rel=1e-5)
    assert result.get_response()["id"] == "a-7"
    assert [one["name"] for one in result.get_response()["outputs"]] == ["logits", "prediction", "confidence"]


@pytest.mark.parametrize("binary", [True, False])
def test_a_service_takes_a_sample_or_its_frame(
    client: triton.InferenceServerClient, family: Path, binary: bool
) -> None:
    by_number = client.infer("vision", [_input("sample", np.array([[4]]), "INT64", binary)])
    by_frame = client.infer("vision", [_input("frame", _frame(family, 4, 8), "UINT8", binary)])
    whole = client.infer("small", [_input("frame", _frame(family, 4, 8), "UINT8", binary)])
    assert by_number.as_numpy("prediction").dtype == np.int64
    for name in ("prediction", "confidence"):
        assert by_number.as_numpy(name) == by_frame.as_numpy(name) == whole.as_numpy(name)
    assert by_number.get_response()["parameters"]["variant"] == "small"


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_bodies_may_be_compressed_both_ways(client: triton.InferenceServerClient, family: Path, coding: str) -> None:
    frame = [_input("frame", _frame(family, 4, 8), "UINT8", True)]
    plain = client.infer("small", frame)
    packed = client.infer("small", frame, request_compression_algorithm=coding, response_compression_algorithm=coding)
    assert (packed.as_numpy("logits") == plain.as_numpy("logits")).all()


@pytest.mark.parametrize(
    ("model", "name", "values", "datatype", "words"),
    [
        ("nothing", "frame", np.zeros((1, 8, 8, 3), np.uint8), "UINT8", "unknown model 'nothing'"),
        ("small", "frame", np.zeros((1, 9, 8, 3), np.uint8), "UINT8", r"the model takes UINT8 \[1, 8, 8, 3\]"),
        ("small", "frame", np.zeros((1, 8, 8, 3), np.float32), "FP32", "the model takes UINT8"),
        ("small", "sample", np.array([[1]]), "INT64", "the model takes frame"),
        ("vision", "frame", np.zeros((1, 16, 16, 3), np.uint8), "UINT8", r"has to be 8 × 8 pixels.*'large': 16"),
        ("vision", "sample", np.array([[10**6]]), "INT64", "sample 1000000 is not in 0"),
        ("vision", "sample", np.array([[-1]]), "INT64", "sample -1 is not in 0"),
    ],
)
def test_errors_say_what_is_wrong(
    client: triton.InferenceServerClient, model: str, name: str, values: np.ndarray, datatype: str, words: str
) -> None:
    for binary in (True, False):
        with pytest.raises(InferenceServerException, match=words):
            client.infer(model, [_input(name, values, datatype, binary)])


def test_outputs_that_do_not_exist_are_refused(client: triton.InferenceServerClient) -> None:
    frame = [_input("frame", np.zeros((1, 8, 8, 3), np.uint8), "UINT8", True)]
    with pytest.raises(InferenceServerException, match="has no output 'scores'"):
        client.infer("small", frame, outputs=[triton.InferRequestedOutput("scores")])
    with pytest.raises(InferenceServerException, match="has version 1 only"):
        client.infer("small", frame, model_version="2")
