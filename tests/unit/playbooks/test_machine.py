"""The programs that look at a machine and bring it back."""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import socket
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FILES = Path(__file__).parents[3] / "playbooks" / "roles" / "k3s" / "files"

SAVED = """*nat
:PREROUTING ACCEPT [0:0]
:KUBE-SERVICES - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -s 192.168.1.0/24 -j MASQUERADE
-A POSTROUTING -s 10.244.0.0/16 ! -d 224.0.0.0/4 -j MASQUERADE --random-fully
-A POSTROUTING -s 10.244.0.0/16 ! -d 10.244.0.0/16 -m comment --comment telcoai -j MASQUERADE
COMMIT
"""


def program(name: str, home: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FILES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.HOME = home  # type: ignore[attr-defined]
    return module


@pytest.fixture
def look(tmp_path: Path) -> ModuleType:
    return program("look", tmp_path / "telcoai")


@pytest.fixture
def undo(tmp_path: Path) -> ModuleType:
    return program("undo", tmp_path / "telcoai")


def options(**given: Any) -> argparse.Namespace:
    return argparse.Namespace(
        **{"testbed": "t", "check": True, "api": False, "mode": "", "programs": [], "files": [], "pod_subnet": ""}
        | given
    )


def test_a_machine_without_the_mark_is_never_changed(undo: ModuleType) -> None:
    assert undo.undo(options(check=False)) == []


def test_what_was_there_before_is_written_once_and_kept(look: ModuleType, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("")
    look.remember(options(files=[str(there), str(tmp_path / "new")], pod_subnet="10.244.0.0/16"))
    state = look.before("t")
    assert str(tmp_path / "new") in state["absent"]
    assert str(there) not in state["absent"]
    assert state["pod_subnet"] == "10.244.0.0/16"
    assert "lo" in state["interfaces"]


def test_looking_tells_ours_from_someone_elses(look: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("")
    look.K3S, look.FULL = (str(tmp_path / "config"),), ()  # type: ignore[attr-defined]
    assert look.look(options())["foreign"] == [str(tmp_path / "config")]
    look.remember(options())
    found = look.look(options())
    assert (found["foreign"], found["ours"]) == ([], True)
    assert look.look(options(testbed="other"))["other_testbeds"] == ["t"]


def test_a_taken_port_is_seen(look: ModuleType) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert look.taken([port]) == [port]
    assert look.taken([port]) == []


def test_only_rules_of_the_cluster_go(undo: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undo, "program", lambda name: name == "iptables-save")
    monkeypatch.setattr(undo, "output", lambda argv: SAVED if argv == ["iptables-save"] else "")
    kept: list[str] = []
    done = undo.Doing(True)
    monkeypatch.setattr(done, "run", lambda argv, stdin=None: kept.append(stdin))
    undo.remove_rules({"pod_subnet": "10.244.0.0/16"}, done)
    assert kept == ["*nat\n:PREROUTING ACCEPT [0:0]\n-A POSTROUTING -s 192.168.1.0/24 -j MASQUERADE\nCOMMIT\n"]


def test_rules_that_are_not_the_clusters_are_not_written_anew(
    undo: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo, "program", lambda name: name == "iptables-save")
    monkeypatch.setattr(undo, "output", lambda argv: "*nat\n-A POSTROUTING -s 192.168.1.0/24 -j ACCEPT\nCOMMIT\n")
    done = undo.Doing(True)
    undo.remove_rules({"pod_subnet": "10.244.0.0/16"}, done)
    assert done.what == []


def test_folders_that_others_use_too_stay(undo: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "podman.conflist").write_text("")
    undo.empty(str(tmp_path / "a"))
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["podman.conflist"]


def test_digests_are_sha256(look: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "k3s").write_bytes(b"k3s" * 1000000)
    assert look.sha256(tmp_path / "k3s") == hashlib.sha256(b"k3s" * 1000000).hexdigest()
    assert look.sha256(tmp_path / "none") == ""


def test_a_written_file_is_known_by_content_and_mode(look: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("secret")
    file.chmod(0o640)
    assert look.written(str(file)) == f"{hashlib.sha256(b'secret').hexdigest()} 0640"
    assert look.written(str(tmp_path / "none")) == ""


def test_a_k3s_is_asked_for_its_options_once_the_machine_is_ours(look: ModuleType, tmp_path: Path) -> None:
    binary = tmp_path / "k3s"
    look.BINARY = str(binary)  # type: ignore[attr-defined]
    look.remember(options())
    assert look.look(options(mode="agent"))["help"] == ""
    binary.write_text('#!/bin/sh\n[ "$1" = agent ] && echo " --node-name value  (agent) --server value"\n')
    binary.chmod(0o755)
    assert look.look(options(mode="agent"))["help"] == " --node-name value  (agent) --server value\n"
    assert look.look(options(mode="agent", testbed="other"))["help"] == ""


@pytest.mark.parametrize(
    ("said", "is_running"),
    [
        ("ActiveState=active\nUnitFileState=enabled\n", True),
        ("ActiveState=active\nUnitFileState=disabled\n", False),
        ("ActiveState=activating\nUnitFileState=enabled\n", False),
        ("", False),
    ],
)
def test_a_unit_runs_when_it_is_active_and_enabled(
    look: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, is_running: bool
) -> None:
    monkeypatch.setattr(look, "UNIT_FILES", {"k3s": str(tmp_path / "k3s")})
    monkeypatch.setattr(look, "output", lambda argv: said)
    assert look.is_running("k3s") is False
    (tmp_path / "k3s").write_text("")
    assert look.is_running("k3s") is is_running
