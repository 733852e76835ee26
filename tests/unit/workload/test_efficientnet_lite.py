"""The shipped family, against its own files."""

import json
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
import yaml

from telcoai.model.wire import WIRES
from telcoai.model.workload import WorkloadInfo
from telcoai.workload import efficientnet_lite
from telcoai.workload.chain import Chain
from telcoai.workload.cost import chain_costs
from telcoai.workload.replay import cpu_flags, differences, host_meta, read_meta, read_table
from telcoai.workload.samples import read_samples

HERE = Path(efficientnet_lite.__file__).parent
VARIANTS = [f"{kind}-{p}" for p in ("fp32", "int8") for kind in ("lite0-128", "lite0-160", "lite1-160", "lite1-192")]


@cache
def info() -> WorkloadInfo:
    return efficientnet_lite.open_workload().info


def files():
    return sorted({stage.path for variant in info().variants for stage in variant.stages})


def home_wire(variant):
    return "fp16" if variant.precision == "fp32" else "int8"


def test_there_are_two_backbones_at_two_sizes_in_two_precisions():
    assert sorted(variant.name for variant in info().variants) == sorted(VARIANTS)


def test_weights_are_there_and_under_30_mb():
    assert len(files()) == 12
    assert sum(path.stat().st_size for path in files()) < 30e6


def test_sizes_of_a_backbone_share_their_files():
    small, large = info().variant("lite0-128-int8"), info().variant("lite0-160-int8")
    assert [stage.path for stage in small.stages] == [stage.path for stage in large.stages]


@pytest.mark.parametrize("name", VARIANTS)
def test_costs_written_are_those_of_the_graph(name):
    variant = info().variant(name)
    shape = (variant.input_size, variant.input_size, 3)
    costs = chain_costs([onnx.load(stage.path) for stage in variant.stages], shape)
    written = [(stage.flops, stage.param_bytes, stage.activation_shape) for stage in variant.stages]
    assert written == [(cost.flops, cost.param_bytes, cost.activation_shape) for cost in costs]


@pytest.mark.parametrize("precision", ["fp32", "int8"])
@pytest.mark.parametrize("backbone", ["lite0", "lite1"])
@pytest.mark.parametrize("index", [0, 1, 2])
def test_graphs_take_and_give_what_the_stages_agree_on(backbone, index, precision):
    path = HERE / f"{backbone}.stage{index}.{precision}.onnx"
    graph = onnx.load(path).graph
    first, last = ".stage0." in path.name, ".stage2." in path.name
    assert [one.name for one in graph.input] == ["frame" if first else "activation_in"]
    assert [one.name for one in graph.output] == (["logits"] if last else ["logits", "activation"])


@pytest.mark.parametrize("name", VARIANTS)
def test_the_replay_table_agrees_with_running(name):
    same_host = read_meta(info().replay_path) == host_meta()
    numbers = [0, 1, 777, len(read_samples(info().samples_path)) - 1]
    found = differences(info(), info().variant(name), numbers, tolerance=1e-6 if same_host else 0.1)
    assert not found if same_host else len(found) <= 2


@pytest.mark.parametrize("name", VARIANTS)
def test_every_sample_has_a_replayed_answer_over_every_wire(name):
    for wire in WIRES:
        table = read_table(info().replay_path, name, wire)
        assert table.prediction.shape == table.confidence.shape == (info().samples, 3)
        assert table.prediction.max() < info().classes
        assert ((table.confidence >= 1 / info().classes) & (table.confidence <= 1)).all()


@pytest.mark.parametrize("name", ["lite0-128-fp32", "lite0-128-int8"])
def test_accuracy_of_200_samples_run_now_is_that_of_the_table(name):
    variant = info().variant(name)
    samples = read_samples(info().samples_path).part(0, 200)
    wire = home_wire(variant)
    ran = Chain([stage.path for stage in variant.stages]).answers(samples.scaled(variant.input_size), [wire])[wire]
    stored = read_table(info().replay_path, name, wire).prediction[:200]
    expected = (stored == samples.labels[:, None]).mean(axis=0)
    assert ran.accuracy(samples.labels) == pytest.approx(tuple(expected), abs=0.02)


def accuracies_of(variant) -> list[float]:
    """Accuracy of each exit on all 10,000 test images."""
    figures = json.loads((HERE / "evaluation.json").read_text())[variant.name][home_wire(variant)]
    assert figures["test_images"] == 10_000
    return figures["test"]


def written(name: str) -> list[dict]:
    """The exits of a variant as workload.yaml has them."""
    spec = yaml.safe_load((HERE / "workload.yaml").read_text())["spec"]
    return next(one["exits"] for one in spec["variants"] if one["name"] == name)


@pytest.mark.parametrize("name", VARIANTS)
def test_shipped_accuracy_written_is_that_of_the_table(name):
    variant = info().variant(name)
    labels = read_samples(info().samples_path).labels
    figures = json.loads((HERE / "evaluation.json").read_text())[name]
    for wire in WIRES:
        shipped = read_table(info().replay_path, name, wire).accuracy(labels)
        assert figures[wire]["shipped"] == pytest.approx(shipped, abs=1e-4)
    assert [one["accuracy"] for one in written(name)] == accuracies_of(variant)


@pytest.mark.parametrize("name", VARIANTS)
def test_strategies_are_told_what_the_calibration_slice_says(name):
    told = [one.accuracy for one in info().variant(name).exits]
    assert told == [one["accuracy_calibration"] for one in written(name)]


@pytest.mark.parametrize("name", VARIANTS)
def test_that_slice_is_the_test_images_which_are_not_scored(name):
    told, scored = info().calibrated, info().samples
    for one in written(name):
        of_all = (one["accuracy_calibration"] * told + one["accuracy_shipped"] * scored) / (told + scored)
        assert of_all == pytest.approx(one["accuracy"], abs=2e-4)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_no_variant_costs_more_than_one_that_is_as_accurate(precision):
    chosen = sorted((v for v in info().variants if v.precision == precision), key=lambda v: v.flops)
    accuracies = [accuracies_of(variant)[-1] for variant in chosen]
    assert len({variant.flops for variant in chosen}) == len(chosen)
    assert all(low < high for low, high in pairwise(accuracies))


def test_accuracies_reach_what_the_family_is_for():
    whole = sorted((v for v in info().variants if v.precision == "fp32"), key=lambda v: v.flops)
    assert accuracies_of(whole[0])[-1] >= 0.88
    assert accuracies_of(whole[-1])[-1] >= 0.92


@pytest.mark.parametrize("kind", ["lite0-128", "lite0-160", "lite1-160", "lite1-192"])
def test_int8_keeps_the_accuracy_of_every_exit(kind):
    whole, small = (accuracies_of(info().variant(f"{kind}-{precision}")) for precision in ("fp32", "int8"))
    assert all(int8 >= fp32 - 0.015 for fp32, int8 in zip(whole, small, strict=True))


@pytest.mark.parametrize("name", VARIANTS)
def test_later_exits_are_better_and_fewer_leave_above_a_higher_threshold(name):
    exits = info().variant(name).exits
    assert exits[0].accuracy < exits[1].accuracy < exits[2].accuracy
    for one in exits[:-1]:
        shares = [share for _, (share, _) in sorted(one.table.items())]
        assert len(shares) == 10
        assert shares == sorted(shares, reverse=True)


def test_samples_that_ranges_are_of_and_scored_ones_share_no_image():
    calibration, scored = read_samples(HERE / "calibration.npz"), read_samples(info().samples_path)
    assert len(calibration) == 1_000
    assert len(scored) == info().samples >= 2_000
    assert not set(calibration.digests()) & set(scored.digests())


def test_a_prediction_scores_when_it_is_the_label():
    workload = efficientnet_lite.open_workload()
    labels = workload.samples().labels[[5, 9]]
    assert list(workload.score(np.array([labels[0], labels[1] + 1]), np.array([5, 9]))) == [1.0, 0.0]


def test_the_log_of_the_training_holds_no_machine_paths():
    log = (HERE / "train.log").read_text()
    assert "training accuracy" in log
    assert "/home" not in log
    assert "/work" not in log


def test_processor_features_are_those_that_choose_kernels():
    assert set(cpu_flags()) <= {"avx2", "avx512f", "avx512_bf16", "avx512_vnni", "avx_vnni", "amx_int8"} | {
        "asimd",
        "asimddp",
        "i8mm",
    }
