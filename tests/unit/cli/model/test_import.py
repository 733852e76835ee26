"""``telcoai model import``: its options and what it prints."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from telcoai.cli.app import app
from telcoai.cli.model.pairs import constants, numbers, shapes
from telcoai.errors import InputError
from tests.unit.workload.importing import tiny_models as tiny


def telcoai(*words: str) -> str:
    done = CliRunner().invoke(app, ["model", "import", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=6), st.text("ab:/.=_", min_size=1))
def test_shapes_are_read_as_they_were_written(sizes, name):
    assert shapes([f"{name}={','.join(map(str, sizes))}"]) == {name: tuple(sizes)}


@pytest.mark.parametrize("text", ["image", "=1,3", "image=", "image=1,x", "image=1,0", "image=1,-3", "image=1,²"])
def test_shapes_that_are_none_are_refused(text):
    with pytest.raises(InputError, match="--shape"):
        shapes([text])


def test_numbers_are_as_many_as_asked_for():
    assert numbers("--mean", "1,2.5,3e2") == (1.0, 2.5, 300.0)
    assert constants(["mask=1", "types=0"]) == {"mask": 1.0, "types": 0.0}
    for text in ("1,2", "1,2,3,4", "a,b,c", "", "nan,1,1", "inf,1,1"):
        with pytest.raises(InputError, match="--mean"):
            numbers("--mean", text)


def test_where_it_can_be_cut_is_listed_without_samples(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tiny.classifier(tmp_path / "net.onnx")
    words = ("net.onnx", "--list", "--shape", "image=1,3,8,8")
    assert "3×8×8" in telcoai(*words)
    told = json.loads(telcoai(*words, "-o", "json"))
    assert "open" in [cut["tensor"] for cut in told["cuts"]]
    assert not (tmp_path / "net").exists()
    with pytest.raises(InputError, match="--samples is missing"):
        telcoai("net.onnx")


def test_the_workload_is_named_like_the_file_and_its_reference_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tiny.classifier(tmp_path / "My_Net v2.onnx")
    tiny.frames(tmp_path / "frames.npz")
    told = telcoai("My_Net v2.onnx", "--samples", "frames.npz", "--shape", "image=1,3,8,8", "--cut", "open")
    assert "cut at open: 3×8×8" in told
    assert "my-net-v2-fp32" in told
    assert told.splitlines()[-1].endswith("workload: ./my-net-v2/workload.py:open_workload")
