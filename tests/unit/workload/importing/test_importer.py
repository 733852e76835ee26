"""Importing from end to end, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from telcoai.errors import InputError
from telcoai.plugins import load_workload
from telcoai.workload.importing.front import Pixels
from telcoai.workload.importing.importer import Cutting, Order, import_model, list_cuts
from telcoai.workload.importing.whole import Reading
from telcoai.workload.replay import differences, read_table
from tests.unit.workload.importing import tiny_models as tiny

IMAGE = {"image": (1, 3, tiny.SIDE, tiny.SIDE)}


def quiet(text: str) -> None:
    """Say nothing."""


@pytest.fixture
def order(tmp_path):
    model, samples = tiny.classifier(tmp_path / "net.onnx"), tiny.frames(tmp_path / "samples.npz")
    return Order(model, samples, tmp_path / "net", "net", Reading(shapes=IMAGE), Cutting(stages=2))


@pytest.fixture
def embedding(tmp_path):
    reading = Reading({name: (1, tiny.LENGTH) for name in ("tokens", "mask")}, {"mask": 1}, pool="mean")
    model, samples = tiny.embedder(tmp_path / "embedder.onnx"), tiny.sentences(tmp_path / "sentences.npz")
    return Order(model, samples, tmp_path / "words", "words", replace(reading, head="centroids"))


def test_a_classifier_becomes_a_workload_that_scores_like_it(order):
    made = import_model(replace(order, cutting=Cutting(stages=3, balance=0), quantise=True), quiet)
    workload = load_workload(f"{order.out}/workload.py:open_workload")
    assert [one.name for one in workload.info.variants] == ["net-fp32", "net-int8"]
    assert [one.precision for one in workload.info.variants] == ["fp32", "int8"]
    assert [one.accuracy for one in made.variants] == [1.0, 1.0]
    assert made.composition.relative < 1e-6
    for variant in workload.info.variants:
        assert len(variant.stages) == 3
        assert variant.input_size == tiny.SIDE
        assert [one.exists for one in variant.exits] == [False, False, True]
        assert not differences(workload.info, variant, [0, 5], 1e-4)


def test_what_calibrates_is_never_scored(order):
    import_model(replace(order, quantise=True), quiet)
    workload = load_workload(f"{order.out}/workload.py:open_workload")
    scored = workload.samples()
    with np.load(order.out / "calibration.npz") as kept:
        calibrated = {frame.tobytes() for frame in kept["frames"]}
    assert len(scored) == 28
    assert workload.info.calibrated == len(calibrated) == 12
    assert not calibrated & {frame.tobytes() for frame in scored.frames}
    assert len(read_table(workload.info.replay_path, "net-int8", "int8").prediction) == 28


def test_an_embedder_answers_with_the_nearest_centroid(embedding):
    made = import_model(replace(embedding, quantise=True), quiet)
    info = load_workload(f"{embedding.out}/workload.py:open_workload").info
    assert info.classes == 2
    assert info.calibrated == 12  # of 24: the others are in the centroids
    assert str(info.variants[0].tensor) == f"INT64 [{tiny.LENGTH}]"
    assert [one.accuracy for one in made.variants] == [1.0, 1.0]


def test_the_folder_says_what_was_imported_how(order):
    import_model(replace(order, cutting=Cutting(cuts=("open",))), quiet)
    told = json.loads((order.out / "import.json").read_text())
    assert told["cuts"][0]["tensor"] == "open"
    assert told["calibration"] == {"share": 0.3, "seed": 0}
    assert len(told["model"]["sha256"]) == 64


def test_an_import_that_fails_leaves_nothing_behind(order):
    with pytest.raises(InputError, match="more than --tolerance"):
        import_model(replace(order, tolerance=-1.0), quiet)
    assert sorted(path.name for path in order.out.parent.iterdir()) == ["net.onnx", "samples.npz"]


def test_what_can_not_be_imported_is_refused_with_its_reason(order, tmp_path):
    many = tmp_path / "many.npz"
    with np.load(order.samples) as arrays:
        np.savez(many, frames=arrays["frames"], labels=arrays["labels"] + 1)
    (tmp_path / "taken").mkdir()
    for changed, reason in (
        ({"name": "Net!"}, "no name of a workload"),
        ({"out": tmp_path / "taken"}, "is there already"),
        ({"samples": many}, "labels up to 3, and the model knows 3 classes"),
        ({"cutting": Cutting(stages=30)}, "too few for 30 stages"),
        ({"cutting": Cutting(cuts=("nowhere",))}, "no tensor 'nowhere'"),
        ({"reading": Reading()}, r"dimension 2 \(S\) of input image is dynamic"),
        ({"reading": Reading(IMAGE, pixels=Pixels(std=(1e-30,) * 3))}, "travels as fp16"),
        (
            {"reading": Reading(IMAGE, pixels=Pixels(std=(1e-38,) * 3)), "cutting": Cutting(stages=1)},
            "aren't finite",
        ),
    ):
        with pytest.raises(InputError, match=reason):
            import_model(replace(order, **changed), quiet)


def test_what_is_int8_already_is_not_quantised_again(order):
    import_model(replace(order, quantise=True, cutting=Cutting(stages=1)), quiet)
    again = replace(order, model=order.out / "net.stage0.int8.onnx", out=order.out.parent / "again", name="again")
    whole = replace(again, reading=Reading(), cutting=Cutting(stages=1))
    with pytest.raises(InputError, match="computes with int8 already"):
        import_model(replace(whole, cutting=Cutting(stages=1), quantise=True), quiet)
    made = import_model(replace(whole, cutting=Cutting(stages=2)), quiet)
    assert [one.variant for one in made.variants] == ["again-int8"]
    assert made.composition.absolute == 0.0


def test_samples_of_another_shape_than_the_models_are_refused(embedding):
    longer = replace(embedding.reading, shapes={name: (1, 9) for name in ("tokens", "mask")})
    with pytest.raises(InputError, match=r"inputs are int64 \[4\], and the model's tokens takes int64 \[9\]"):
        import_model(replace(embedding, reading=longer), quiet)


def test_a_model_that_fails_on_a_sample_is_told(embedding, tmp_path):
    with np.load(embedding.samples) as arrays:
        np.savez(tmp_path / "strange.npz", inputs=arrays["inputs"] + 1000, labels=arrays["labels"])
    with pytest.raises(InputError, match=r"embedder\.onnx fails on a sample"):
        import_model(replace(embedding, samples=tmp_path / "strange.npz"), quiet)


def test_a_second_input_that_is_not_fixed_is_refused(embedding):
    with pytest.raises(InputError, match="the model has 2 inputs"):
        import_model(replace(embedding, reading=replace(embedding.reading, constants={})), quiet)


def test_a_model_is_looked_at_without_samples(order, embedding):
    graph, found = list_cuts(order.model, order.reading)
    assert {"open", "pooled"} <= {one.tensor for one in found}
    assert [one.flops_before for one in found] == sorted(one.flops_before for one in found)
    assert found[-1].flops_before <= graph.flops
    assert list_cuts(embedding.model, replace(embedding.reading, constants={}))
