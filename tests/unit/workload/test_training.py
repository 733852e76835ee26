import json
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from telcoai.workload.chain import Answers
from telcoai.workload.efficientnet_lite import train
from telcoai.workload.efficientnet_lite.training import cifar10
from telcoai.workload.efficientnet_lite.training.architecture import SIZES, blocks, members, same_padding
from telcoai.workload.exit_tables import exit_table


def test_lite1_is_lite0_with_deeper_inner_groups():
    assert [len(stage) for stage in blocks("lite0")] == [5, 6, 5]
    assert [len(stage) for stage in blocks("lite1")] == [7, 8, 6]


@pytest.mark.parametrize("backbone", SIZES)
def test_blocks_are_numbered_through_and_fit_each_other(backbone):
    chain = [block for stage in blocks(backbone) for block in stage]
    assert [block.number for block in chain] == list(range(len(chain)))
    assert all(a.outputs == b.inputs for a, b in pairwise(chain))


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [(3, 1, (1, 1)), (3, 2, (0, 1)), (5, 1, (2, 2)), (5, 2, (1, 2))]
)
def test_padding_puts_the_odd_pixel_after(kernel, stride, padding):
    assert same_padding(kernel, stride) == padding


def test_sizes_divide_by_every_stride():
    assert all(size % 32 == 0 for sizes in SIZES.values() for size in sizes)


def test_members_are_named_by_backbone_size_and_precision():
    assert [m.name for m in members("lite0")] == [
        "lite0-128-fp32",
        "lite0-160-fp32",
        "lite0-128-int8",
        "lite0-160-int8",
    ]


def test_an_exit_table_holds_share_and_accuracy_of_those_that_leave():
    answers = Answers(np.array([[1], [2], [3], [4]], np.uint8), np.array([[0.9], [0.72], [0.55], [0.3]], np.float32))
    rows = {row[0]: row[1:] for row in exit_table(answers, np.array([1, 0, 3, 4]), 0)}
    assert rows[0.5] == [0.75, round(2 / 3, 4)]
    assert rows[0.75] == [0.25, 1.0]
    assert rows[0.95] == [0.0, 0.0]
    assert list(rows) == [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]


def test_slices_of_the_image_sheets_are_apart_and_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(cifar10, "CALIBRATION", 4)
    pixels = np.random.default_rng(0).integers(0, 256, (6, 3, 1024, 3), np.uint8)
    names = [f"data_batch_{n}.png" for n in range(1, 6)] + ["test_batch.png"]
    for name, sheet in zip(names, pixels, strict=True):
        Image.fromarray(sheet).save(tmp_path / name)
    (tmp_path / "train_lables.json").write_text(json.dumps(list(range(15))))
    (tmp_path / "test_lables.json").write_text(json.dumps([0, 1, 2]))
    data = cifar10.load(tmp_path)
    assert [len(part) for part in (data.train, data.calibration, data.test)] == [11, 4, 3]
    assert (data.calibration.frames[0].reshape(1024, 3) == pixels[3, 2]).all()
    assert list(data.calibration.labels) == [11, 12, 13, 14]
    assert not set(data.train.digests()) & set(data.calibration.digests())


def test_help_of_the_training_program_names_its_steps(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["train.py", "--help"])
    with pytest.raises(SystemExit):
        train.main()
    shown = capsys.readouterr().out
    assert all(step in shown for step in ("finetune", "export", "quantise", "evaluate", "describe"))
