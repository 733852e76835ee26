from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from telcoai.serving.refusals import Refused
from telcoai.serving.tensors import DTYPES, Spec, Tensor, read_tensor, to_raw

NUMBERS = [name for name in DTYPES if name != "BYTES"]


def entry(datatype: str, shape: object, **data: object) -> dict[str, object]:
    return {"name": "x", "datatype": datatype, "shape": shape, **data}


def test_large_unsigned_numbers_beside_small_ones_stay_whole() -> None:
    values = [0, 2**63, 2**64 - 1]
    assert read_tensor(entry("UINT64", [3], data=values), None).array().tolist() == values


@given(st.data(), st.sampled_from(NUMBERS))
def test_numbers_survive_json_and_raw_bytes(data: st.DataObject, datatype: str) -> None:
    shapes = hnp.array_shapes(min_dims=1, max_dims=3, max_side=4)
    floats = {"allow_nan": False, "allow_infinity": False} if datatype.startswith("FP") else None
    values = data.draw(hnp.arrays(DTYPES[datatype], shapes, elements=floats))
    shape = list(values.shape)
    for one in (
        read_tensor(entry(datatype, shape, data=values.tolist()), None),
        read_tensor(entry(datatype, shape, data=values.ravel().tolist()), None),
        read_tensor(entry(datatype, shape), to_raw(values, datatype)),
    ):
        assert one.array().dtype == values.dtype
        assert np.array_equal(one.array(), values)


@given(st.lists(st.text(max_size=10), max_size=5))
def test_strings_survive_json_and_raw_bytes(texts: list[str]) -> None:
    values = np.array([text.encode(errors="replace") for text in texts], np.object_)
    by_raw = read_tensor(entry("BYTES", [len(texts)]), to_raw(values, "BYTES")).array()
    assert by_raw.tolist() == values.tolist()
    by_json = read_tensor(entry("BYTES", [len(texts)], data=[v.decode() for v in values]), None).array()
    assert by_json.tolist() == values.tolist()


@pytest.mark.parametrize(
    ("datatype", "shape", "data"),
    [
        ("UINT8", [1], [256]),
        ("UINT8", [1], [-1]),
        ("INT8", [1], [128]),
        ("INT64", [1], [2**63]),
        ("UINT64", [1], [-1]),
        ("INT32", [1], [1.5]),
        ("INT32", [1], ["1"]),
        ("INT32", [1], [None]),
        ("INT32", [1], 1),
        ("BOOL", [1], [1]),
        ("FP32", [1], [10**400]),
        ("FP32", [2], [1]),
        ("FP32", [2], [[1], [2]]),
        ("FP32", [2, 2], [[1, 2], [3]]),
        ("FP32", [2, 2], [1, 2, 3]),
        ("FP32", [2], [[1, 2], [3, 4]]),
        ("FP32", [2], [1, [2]]),
        ("BYTES", [1], [1]),
    ],
)
def test_data_that_do_not_fit_are_refused(datatype: str, shape: list[int], data: object) -> None:
    with pytest.raises(Refused) as refusal:
        read_tensor(entry(datatype, shape, data=data), None).array()
    assert refusal.value.status == 400


@pytest.mark.parametrize("shape", [None, 1, [-1], [1.0], [True], ["1"], [2**41], [1] * 17])
def test_shapes_that_are_none_are_refused(shape: object) -> None:
    with pytest.raises(Refused, match="shape has to be"):
        read_tensor(entry("FP32", shape, data=[]), None)


@pytest.mark.parametrize("raw", [b"", b"\x01\0\0\0", b"\x01\0\0\0aa", b"\xff\xff\xff\xffa"])
def test_strings_with_wrong_lengths_are_refused(raw: bytes) -> None:
    with pytest.raises(Refused, match="strings with their lengths"):
        read_tensor(entry("BYTES", [1]), raw).array()


def test_raw_bytes_have_to_be_as_many_as_the_shape_says() -> None:
    with pytest.raises(Refused, match="has 3 bytes; its shape and datatype need 4"):
        read_tensor(entry("FP32", [1]), b"abc")


def test_a_huge_shape_costs_nothing() -> None:
    tensor = read_tensor(entry("UINT8", [2**39, 2**39], data=[[1]]), None)
    with pytest.raises(Refused, match="does not fit its shape"):
        tensor.array()


def test_a_model_takes_its_own_shape_only() -> None:
    tensor = Tensor("x", "UINT8", (1, 4, 4, 3), b"")
    tensor.check(Spec("x", "UINT8", (1, -1, -1, 3)))
    with pytest.raises(Refused, match=r"UINT8 \[1, 4, 4, 3\]; the model takes UINT8 \[1, 8, 8, 3\]"):
        tensor.check(Spec("x", "UINT8", (1, 8, 8, 3)))
