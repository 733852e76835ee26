"""Files to begin a strategy with: they work, and nothing is overwritten."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from telcoai.errors import InputError
from telcoai.experiment.new_strategy import write_strategy
from telcoai.plugins import load_strategy
from telcoai.strategy.trial import faults, trial_view


def test_what_is_written_is_a_short_strategy_without_faults(tmp_path):
    new = write_strategy("my-own-2", tmp_path / "mine")
    assert new.strategy.name == "my_own_2.py"
    assert new.test.name == "test_my_own_2.py"
    assert new.reference == f"{tmp_path}/mine/my_own_2.py:MyOwn2"
    assert len(new.strategy.read_text().splitlines()) <= 30
    strategy = load_strategy(new.reference)
    assert strategy.name == "my-own-2"
    assert faults(strategy) == []
    assert {one.hops for one in strategy.plan(trial_view()).assignments} == {("edge-1",) * 3}


def test_its_test_passes_with_plain_pytest_and_fails_for_a_bad_strategy(tmp_path):
    new = write_strategy("mine", tmp_path)
    assert run_pytest(tmp_path).returncode == 0
    new.strategy.write_text(new.strategy.read_text().replace("(node,) *", "('mars',) *"))
    done = run_pytest(tmp_path)
    assert done.returncode == 1
    assert "unknown node 'mars'" in done.stdout


def run_pytest(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_files_written_are_formatted_as_telcoais_own(tmp_path):
    write_strategy("a-name", tmp_path)
    for words in (["check", "--isolated"], ["format", "--check", "--isolated", "--line-length", "120"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, str(tmp_path)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


def test_a_reference_counts_from_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert write_strategy("mine", Path()).reference == "./mine.py:Mine"
    assert write_strategy("mine", Path("sub")).reference == "./sub/mine.py:Mine"
    assert write_strategy("mine", Path("../other")).reference == "../other/mine.py:Mine"


@pytest.mark.parametrize("there", ["mine.py", "test_mine.py"])
def test_files_that_are_there_stay_as_they_are(tmp_path, there):
    (tmp_path / there).write_text("precious")
    with pytest.raises(InputError, match=f"{there} is there already"):
        write_strategy("mine", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "precious"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("My-own", "can't be a strategy's name"),
        ("my_own", "can't be a strategy's name"),
        ("2nd", "can't be a strategy's name"),
        ("-mine", "can't be a strategy's name"),
        ("mine-", "can't be a strategy's name"),
        ("a--b", "can't be a strategy's name"),
        ("../mine", "can't be a strategy's name"),
        ("", "can't be a strategy's name"),
        ("größte", "can't be a strategy's name"),
        ("class", "a word of Python's own"),
        ("random", "would hide the installed module random"),
        ("numpy", "would hide the installed module numpy"),
        ("telcoai", "would hide the installed module telcoai"),
        ("latency-greedy", "a strategy latency-greedy is installed already"),
    ],
)
def test_names_that_cannot_be_are_refused(tmp_path, name, message):
    with pytest.raises(InputError, match=message):
        write_strategy(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="can't write to"):
        write_strategy("mine", tmp_path / "file")
