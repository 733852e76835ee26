from __future__ import annotations

import os
from pathlib import Path

import pytest

from telcoai.emulation import cgroups
from telcoai.emulation.cgroups import NodeGroups, group_name


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    return tmp_path


def test_v1_limits_are_written_per_node(tree: Path) -> None:
    (tree / "memory").mkdir()
    (tree / "memory" / "memory.limit_in_bytes").touch()
    groups = NodeGroups("telcoai-x-1", {"edge": 1000, "cloud": 0}, rootless=False)
    assert groups.problem == ""
    assert (tree / "memory/telcoai-x-1/edge/memory.limit_in_bytes").read_text() == "1000"
    assert not (tree / "memory/telcoai-x-1/cloud/memory.limit_in_bytes").exists()


def test_v2_controllers_are_enabled_on_the_way_down(tree: Path) -> None:
    (tree / "cgroup.controllers").write_text("cpu memory pids\n")
    (tree / "cgroup.subtree_control").write_text("cpu\n")
    groups = NodeGroups("telcoai-x-1", {"edge": 1000}, rootless=False)
    assert groups.problem == ""
    assert (tree / "cgroup.subtree_control").read_text() == "+memory"
    assert (tree / "telcoai-x-1/cgroup.subtree_control").read_text() == "+memory"
    assert (tree / "telcoai-x-1/edge/memory.max").read_text() == "1000"


@pytest.mark.parametrize(("rootless", "reason"), [(True, "not running as root"), (False, "no memory cgroup")])
def test_where_nothing_can_be_bounded_the_reason_is_told(tree: Path, rootless: bool, reason: str) -> None:
    groups = NodeGroups("telcoai-x-1", {"edge": 1000}, rootless=rootless)
    assert reason in groups.problem
    with groups.opened("edge") as descriptor:
        assert descriptor is None


def test_only_the_sandboxs_own_groups_are_removed(tree: Path) -> None:
    (tree / "cgroup.controllers").write_text("memory")
    for name in ("telcoai-x-1", "telcoai-y-2", "system.slice"):
        (tree / name / "edge").mkdir(parents=True)
    cgroups.remove("telcoai-x-1")
    assert sorted(p.name for p in tree.iterdir() if p.is_dir()) == ["system.slice", "telcoai-y-2"]


def test_testbeds_of_one_name_have_different_groups(tmp_path: Path) -> None:
    names = {group_name("x", tmp_path / folder) for folder in ("a", "b")}
    assert len(names) == 2
    assert all(name.startswith("telcoai-x-") for name in names)
    assert group_name("x", Path(os.fspath(tmp_path)) / "a") in names
