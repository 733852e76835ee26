"""The order in which stages are timed, and what is taken from a machine's kernel."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from telcoai.errors import InputError
from telcoai.profiling.job import Job, Measurement, read, write
from telcoai.profiling.machine import governor_of, processor_of, this_machine
from telcoai.profiling.measure import rounds
from tests.unit.profiling.timings import job, measurement

UNITS = [("a", 0), ("a", 1), ("b", 0)]


def test_every_stage_comes_once_a_round_in_an_order_that_the_seed_decides():
    order = list(rounds(UNITS, 50, random.Random(1)))
    assert order == list(rounds(UNITS, 50, random.Random(1)))
    assert order != list(rounds(UNITS, 50, random.Random(2)))
    each = [tuple(order[at : at + 3]) for at in range(0, 150, 3)]
    assert all(Counter(one) == Counter(UNITS) for one in each)
    assert len(set(each)) == 6


def test_job_and_measurement_are_read_back_as_they_were_written(tmp_path):
    for value in (job(), measurement()):
        write(tmp_path / "file.json", value)
        assert read(tmp_path / "file.json", type(value)) == value
    with pytest.raises(InputError, match="holds no job"):
        read(tmp_path / "file.json", Job)
    with pytest.raises(InputError, match="holds no measurement"):
        read(tmp_path / "nothing.json", Measurement)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("processor : 0\nmodel name : AMD EPYC\nprocessor : 1\nmodel name : other\n", "AMD EPYC"),
        ("processor : 0\nBogoMIPS : 108\n\nHardware : BCM2835\nModel : Raspberry Pi 4\n", "Raspberry Pi 4"),
    ],
)
def test_the_processor_is_named_as_its_kernel_does(text, name):
    assert processor_of(text) == name
    assert processor_of("") != ""


def test_governors_are_told_each_once(tmp_path: Path):
    for number, word in enumerate(("ondemand", "performance", "ondemand")):
        folder = tmp_path / f"cpu{number}" / "cpufreq"
        folder.mkdir(parents=True)
        (folder / "scaling_governor").write_text(f"{word}\n")
    assert governor_of(tmp_path) == "ondemand, performance"
    assert governor_of(tmp_path / "nowhere") == "unknown"


def test_a_board_is_named_by_its_device_tree(tmp_path: Path):
    (tmp_path / "proc" / "device-tree").mkdir(parents=True)
    (tmp_path / "proc" / "device-tree" / "model").write_text("Raspberry Pi 5 Model B Rev 1.0\0")
    found = this_machine(tmp_path)
    assert found.machine == "Raspberry Pi 5 Model B Rev 1.0"
    assert found.cores >= 1
    assert found.memory_bytes > 1 << 20
