"""Files of an experiment are named alike on every machine, and none hides another."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pytest

from telcoai.experiment.digests import digests, named
from tests.places import small_scenario, small_workload


def test_files_are_named_by_their_way_from_the_first_root_that_holds_them():
    roots = (Path("/shipped"), Path("/home/here"))
    paths = [Path("/shipped/scenarios/a.yaml"), Path("/home/here/x/a.yaml"), Path("/far/a.yaml"), Path("/away/a.yaml")]
    assert named(paths, roots) == dict(
        zip(["scenarios/a.yaml", "x/a.yaml", "a.yaml", "a.yaml (2)"], paths, strict=True)
    )


def test_files_of_strategies_are_digested_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    files = {name: tmp_path / name for name in ("small.yaml", "mine.py", "samples.npz", "replay.npz")}
    for name, path in files.items():
        path.write_text(name)
    workload = dataclasses.replace(small_workload(), samples_path=files["samples.npz"], replay_path=files["replay.npz"])
    scenario = small_scenario(strategies=("a", "./mine.py:Mine", "./mine.py:Other"), files=(str(files["small.yaml"]),))
    found = digests(scenario, [workload])
    assert found == {name: hashlib.sha256(name.encode()).hexdigest() for name in files}
