"""The family of sequences, against its own files."""

from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest

from telcoai.model.wire import WIRES
from telcoai.workload import speaker_vowels
from telcoai.workload.chain import Chain
from telcoai.workload.cost import chain_costs
from telcoai.workload.replay import cpu_flags, differences, read_meta, read_table
from telcoai.workload.samples import read_samples
from telcoai.workload.speaker_vowels.utterances import load

HERE = Path(speaker_vowels.__file__).parent
VARIANTS = ["conv24-fp32", "conv24-int8", "conv96-fp32", "conv96-int8"]


@cache
def info():
    return speaker_vowels.open_workload().info


def home_wire(name):
    return "int8" if name.endswith("int8") else "fp16"


def test_there_are_two_widths_in_two_precisions_and_the_folder_is_small():
    assert [variant.name for variant in info().variants] == VARIANTS
    assert sum(path.stat().st_size for path in HERE.iterdir() if path.is_file()) < 1e6


@pytest.mark.parametrize("name", VARIANTS)
def test_costs_written_are_those_of_the_graphs(name):
    stages = info().variant(name).stages
    costs = chain_costs([onnx.load(stage.path) for stage in stages], (29, 12))
    assert [(s.flops, s.param_bytes, s.activation_shape) for s in stages] == [
        (cost.flops, cost.param_bytes, cost.activation_shape) for cost in costs
    ]


@pytest.mark.parametrize("name", VARIANTS)
def test_an_activation_is_no_smaller_than_an_utterance(name):
    variant = info().variant(name)
    assert variant.input_bytes == 29 * 12 * 4
    assert all(2 * stage.activation_values >= variant.input_bytes for stage in variant.stages[:-1])


def test_no_scored_utterance_was_calibrated_on():
    scored, calibrated = read_samples(info().samples_path), read_samples(HERE / "calibration.npz")
    assert (len(scored), len(calibrated)) == (info().samples, info().calibrated)
    assert not set(scored.digests()) & set(calibrated.digests())


@pytest.mark.parametrize("name", VARIANTS)
def test_exits_told_to_strategies_are_those_of_the_calibration_slice(name):
    variant, calibrated = info().variant(name), read_samples(HERE / "calibration.npz")
    wire = home_wire(name)
    found = Chain([stage.path for stage in variant.stages]).answers(calibrated.inputs(variant), WIRES)[wire]
    for index, (exit_, accuracy) in enumerate(zip(variant.exits, found.accuracy(calibrated.labels), strict=True)):
        assert exit_.accuracy == pytest.approx(accuracy, abs=0.02)
        for threshold, (share, _) in exit_.table.items():
            assert share == pytest.approx(np.mean(found.confidence[:, index] >= threshold), abs=0.03)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_replay_table_is_what_the_stages_say(name):
    same_host = read_meta(info().replay_path).get("cpu_flags") == cpu_flags()
    found = differences(info(), info().variant(name), range(0, 250, 5), 0.002 if same_host else 0.08)
    assert len(found) <= (0 if same_host else 2)


def test_wider_is_more_often_right():
    labels = read_samples(info().samples_path).labels
    right = {name: read_table(info().replay_path, name, home_wire(name)).accuracy(labels)[-1] for name in VARIANTS}
    assert min(right["conv96-fp32"], right["conv96-int8"]) > max(right["conv24-fp32"], right["conv24-int8"]) > 0.9


def test_utterances_of_the_archive_s_form_are_read_and_filled_up(tmp_path):
    series = ":".join(["1.5,-0.5,0.25"] * 12)
    for name, lines in (("TRAIN", [f"{series}:1"]), ("TEST", [f"{series}:{1 + k % 9}" for k in range(200)])):
        (tmp_path / f"JapaneseVowels_{name}.ts").write_text("\n".join(["# note", "@dimensions 12", "@data", *lines]))
    found = load(tmp_path, 1)
    assert [len(part) for part in (found.train, found.calibration, found.scored)] == [1, 120, 80]
    assert found.train.frames.shape == (1, 29, 12)
    assert found.train.frames[0, :3, 4].tolist() == [1.5, -0.5, 0.25]
    assert not found.train.frames[0, 3:].any()
