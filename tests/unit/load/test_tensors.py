from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.errors import InputError
from telcoai.load.client import Exchange
from telcoai.load.tally import Tally
from telcoai.load.tensors import DTYPES, binary_body, json_body, random_tensor, read_tensors


@given(st.sampled_from(sorted(DTYPES)), st.lists(st.integers(-1, 4), max_size=3), st.integers(0, 99))
def test_drawn_tensors_fill_their_shape_in_both_encodings(datatype: str, shape: list[int], seed: int) -> None:
    tensor = random_tensor("x", datatype, shape, np.random.default_rng(seed))
    count = int(np.prod(tensor.shape))
    (entry,) = json.loads(json_body([tensor]))["inputs"]
    assert len(entry["data"]) == count == tensor.values.size
    assert all(size >= 0 for size in entry["shape"])
    body, length = binary_body([tensor, tensor])
    heads = json.loads(body[:length])["inputs"]
    assert sum(head["parameters"]["binary_data_size"] for head in heads) == len(body) - length
    if datatype != "BYTES":
        assert len(body) - length == 2 * count * DTYPES[datatype].itemsize


def test_bytes_travel_with_their_lengths() -> None:
    tensor = random_tensor("x", "BYTES", [1], np.random.default_rng(1))
    body, length = binary_body([tensor])
    word = str(tensor.values[0]).encode()
    assert body[length:] == len(word).to_bytes(4, "little") + word


def test_inputs_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "input.json"
    path.write_text('{"inputs": [{"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [[1, 2], [3, 4]]}]}')
    (tensor,) = read_tensors(path)
    assert tensor.values.tolist() == [1, 2, 3, 4]
    assert tensor.values.dtype == np.float32


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", r"input\.json:1:\d+: not JSON"),
        ("[]", "inputs"),
        ('{"inputs": [], "id": "7"}', r"not \{\"inputs\""),
        ('{"inputs": [{"name": "x"}]}', "input 0: datatype is missing"),
        ('{"inputs": [{"name": "x", "datatype": "FP32", "shape": [3], "data": [1]}]}', "1 values don't fill"),
        ('{"inputs": [{"name": "x", "datatype": "INT8", "shape": [1], "data": [999]}]}', "input 0"),
        ('{"inputs": [{"name": "x", "datatype": "BF16", "shape": [1], "data": [9]}]}', "no datatype 'BF16'"),
    ],
)
def test_a_wrong_file_of_inputs_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "input.json"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        read_tensors(path)


def test_a_tally_counts_latency_from_the_scheduled_time_and_errors_apart() -> None:
    tally = Tally(scheduled=5, start_ns=0)
    for number, status in enumerate(["200", "200", "503", "timeout"]):
        exchange = Exchange(number, 1_000_000_000, b"")
        exchange.sent_ns, exchange.done_ns, exchange.status = 1_001_000_000, 1_010_000_000 + number, status
        tally.add(exchange)
    result = tally.result(sent=4, now_ns=2_000_000_000)
    assert (result.done, result.errors, result.sent, result.scheduled) == (4, 2, 4, 5)
    assert result.statuses == {"200": 2, "503": 1, "timeout": 1}
    assert (result.rate_per_s, result.lag_p99_ms, round(result.p50_ms, 3)) == (1.0, 1.0, 10.0)
