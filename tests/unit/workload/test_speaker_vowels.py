"""The shipped family on speech, against its own files."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
import yaml

from telcoai.errors import InputError
from telcoai.model.wire import WIRES, to_wire
from telcoai.model.workload import WorkloadInfo
from telcoai.workload import speaker_vowels
from telcoai.workload.chain import Chain
from telcoai.workload.cost import chain_costs
from telcoai.workload.exit_tables import exit_table
from telcoai.workload.replay import differences, host_meta, read_meta, read_table
from telcoai.workload.samples import read_samples
from telcoai.workload.speaker_vowels import train
from telcoai.workload.speaker_vowels.training import utterances
from telcoai.workload.speaker_vowels.training.architecture import Member, members

HERE = Path(speaker_vowels.__file__).parent
MEMBERS = members()


def named(member: Member) -> str:
    return member.name


@cache
def info() -> WorkloadInfo:
    return speaker_vowels.open_workload().info


def written(member: Member) -> list[dict]:
    """The exits of a variant as workload.yaml has them."""
    spec = yaml.safe_load((HERE / "workload.yaml").read_text())["spec"]
    return next(one["exits"] for one in spec["variants"] if one["name"] == member.name)


def test_there_are_two_widths_in_two_precisions_with_three_exits_each():
    assert [variant.name for variant in info().variants] == [member.name for member in MEMBERS]
    assert {len(variant.exits) for variant in info().variants} == {3}


def test_the_folder_is_under_a_megabyte():
    assert sum(path.stat().st_size for path in HERE.rglob("*") if "__pycache__" not in path.parts) < 1e6


@pytest.mark.parametrize("member", MEMBERS, ids=named)
def test_costs_written_are_those_of_the_graph(member):
    variant = info().variant(member.name)
    costs = chain_costs([onnx.load(stage.path) for stage in variant.stages], variant.tensor.shape)
    found = [(stage.flops, stage.param_bytes, stage.activation_shape) for stage in variant.stages]
    assert found == [(cost.flops, cost.param_bytes, cost.activation_shape) for cost in costs]


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("member", MEMBERS, ids=named)
def test_an_activation_has_more_bytes_than_the_input_on_every_wire(member, wire):
    variant = info().variant(member.name)
    for stage in variant.stages[:-1]:
        raw, _ = to_wire(np.zeros((1, *stage.activation_shape), np.float32), wire)
        assert len(raw) > variant.input_bytes == 29 * 12 * 4


@pytest.mark.parametrize("member", MEMBERS, ids=named)
def test_the_replay_table_agrees_with_running_every_utterance(member):
    same_host = read_meta(info().replay_path) == host_meta()
    found = differences(
        info(), info().variant(member.name), range(info().samples), tolerance=1e-6 if same_host else 0.1
    )
    assert len(found) <= (0 if same_host else 0.02 * len(WIRES) * info().samples)


@pytest.mark.parametrize("member", MEMBERS, ids=named)
def test_accuracies_written_are_those_of_the_replay_table(member):
    labels = read_samples(info().samples_path).labels
    table = read_table(info().replay_path, member.name, member.wire)
    assert table.prediction.shape == (info().samples, 3)
    assert [one["accuracy"] for one in written(member)] == pytest.approx(table.accuracy(labels), abs=1e-4)
    assert all(one["accuracy"] == one["accuracy_shipped"] for one in written(member))


@pytest.mark.parametrize("member", MEMBERS, ids=named)
def test_strategies_are_told_what_running_the_calibration_slice_says(member):
    variant, samples = info().variant(member.name), read_samples(HERE / "calibration.npz")
    wire = member.wire
    ran = Chain([stage.path for stage in variant.stages]).answers(samples.inputs(variant), [wire])[wire]
    told = [one.accuracy for one in variant.exits]
    assert told == [one["accuracy_calibration"] for one in written(member)]
    same_host = read_meta(info().replay_path) == host_meta()
    assert told == pytest.approx(ran.accuracy(samples.labels), abs=1e-4 if same_host else 0.02)
    if same_host:
        assert [one["table"] for one in written(member)[:-1]] == [exit_table(ran, samples.labels, at) for at in (0, 1)]


@pytest.mark.parametrize("member", MEMBERS, ids=named)
def test_the_first_exit_knows_least_and_fewer_leave_above_a_higher_threshold(member):
    exits = info().variant(member.name).exits
    assert 0.9 < exits[0].accuracy < exits[1].accuracy
    assert exits[2].accuracy > 0.97
    for one in exits[:-1]:
        shares = [share for _, (share, _) in sorted(one.table.items())]
        assert len(shares) == 10
        assert all(low >= high for low, high in pairwise(shares))


def test_slices_are_apart_and_their_sizes_are_those_written():
    calibration, scored = read_samples(HERE / "calibration.npz"), read_samples(info().samples_path)
    assert (len(calibration), len(scored)) == (info().calibrated, info().samples) == (124, 246)
    assert not set(calibration.digests()) & set(scored.digests())
    assert set(scored.labels) == set(calibration.labels) == set(range(info().classes))


def test_figures_in_the_readme_are_those_of_the_file():
    text = (HERE / "README.md").read_text()
    for member in MEMBERS:
        shares = [f"{one['accuracy']:.3f}" for one in written(member)]
        told = " / ".join(f"{one['accuracy_calibration']:.3f}" for one in written(member))
        assert f"| `{member.name}` | {' | '.join(shares)} | {told} |" in text


def row(frames: int, speaker: int, value: float) -> str:
    return ":".join([",".join([str(value)] * frames)] * 12 + [str(speaker)])


def test_utterances_are_read_as_frames_of_coefficients_with_zeros_after_the_last(tmp_path):
    lines = ["#about", "@data", *(row(7 + n, 1 + n % 9, n + 1.0) for n in range(9))]
    (tmp_path / utterances.TRAIN).write_text("\n".join([*lines, row(29, 9, -1.0)]))
    (tmp_path / utterances.TEST).write_text("\n".join(lines))
    data = utterances.load(tmp_path)
    assert [len(part) for part in (data.train, data.calibration, data.scored)] == [10, 3, 6]
    assert data.train.frames.shape == (10, 29, 12)
    assert (data.train.frames[1, :8] == 2.0).all()
    assert not data.train.frames[1, 8:].any()
    assert list(data.calibration.labels) == [0, 3, 6]
    assert list(data.scored.labels) == [1, 2, 4, 5, 7, 8]


@pytest.mark.parametrize("line", ["1,2:3", "a:b:1", row(30, 1, 1.0)], ids=["short", "words", "long"])
def test_a_file_of_other_series_is_refused(tmp_path, line):
    (tmp_path / "odd.ts").write_text(line)
    with pytest.raises(InputError, match=r"odd\.ts"):
        utterances.read(tmp_path / "odd.ts")


def test_a_missing_file_is_refused_with_what_to_give(tmp_path):
    with pytest.raises(InputError, match=r"JapaneseVowels_TEST\.ts") as caught:
        utterances.load(tmp_path)
    assert "--data" in caught.value.hint


def test_the_log_holds_no_machine_paths_and_help_names_the_steps(capsys, monkeypatch):
    assert "/" not in (HERE / "train.log").read_text()
    monkeypatch.setattr("sys.argv", ["train.py", "--help"])
    with pytest.raises(SystemExit):
        train.main()
    shown = capsys.readouterr().out
    assert all(step in shown for step in ("fit", "describe"))
