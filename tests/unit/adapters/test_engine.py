"""The engine is a script here that answers as docker does: what counts is how its answers are understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from telcoai.adapters.engine import CommandFailed, Engine
from telcoai.errors import InputError, TestbedError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the search path."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("TELCOAI_ENGINE", raising=False)
    return tmp_path


def _client(folder: Path, script: str, name: str = "docker") -> Engine:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return Engine(name)


def _says(folder: Path, stderr: str) -> Engine:
    (folder / "said").write_text(stderr)
    return _client(folder, f"/bin/cat {folder}/said >&2; exit 1")


def test_docker_goes_before_podman_and_either_alone_is_taken(folder: Path) -> None:
    _client(folder, "exit 0", "podman")
    assert Engine.find() == Engine("podman")
    _client(folder, "exit 0")
    assert Engine.find() == Engine("docker")


def test_the_variable_decides(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _client(folder, "exit 0")
    _client(folder, "exit 0", "podman")
    monkeypatch.setenv("TELCOAI_ENGINE", "podman")
    assert Engine.find() == Engine("podman")
    (folder / "podman").unlink()
    with pytest.raises(TestbedError, match="podman is not installed"):
        Engine.find()
    monkeypatch.setenv("TELCOAI_ENGINE", "lxc")
    with pytest.raises(InputError, match="TELCOAI_ENGINE=lxc"):
        Engine.find()


def test_no_client_at_all_is_said(folder: Path) -> None:
    with pytest.raises(TestbedError, match="neither docker nor podman is installed") as caught:
        Engine.find()
    assert "virtual hosts" in caught.value.hint


@pytest.mark.parametrize(
    ("stderr", "message", "hint"),
    [
        (
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
            "does not answer",
            "start it",
        ),
        (
            "failed to connect to the docker API at unix:///x.sock; check if the path is correct: dial unix /x.sock: "
            "connect: no such file or directory",
            "does not answer",
            "start it",
        ),
        (
            "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: "
            "Get http://%2Fvar: dial unix /var/run/docker.sock: connect: permission denied",
            "no rights to the docker engine",
            "join the group",
        ),
        ("write /x: no space left on device", "disk full", "free space"),
        ("Error response from daemon: Get https://x/v2/: dial tcp: lookup x: no such host", "no such host", ""),
        ("The connection to the server was refused: dial unix /run/x.sock: permission denied", "exit 1: The con", ""),
        ("Error: something odd", "exit 1: Error: something odd", ""),
        ("", "it said nothing", ""),
    ],
)
def test_each_failure_has_words_and_a_hint_of_its_own(folder: Path, stderr: str, message: str, hint: str) -> None:
    engine = _says(folder, stderr)
    with pytest.raises(TestbedError, match=message) as caught:
        engine.run(["ps"])
    assert hint in caught.value.hint
    assert bool(caught.value.hint) == bool(hint)
    with pytest.raises(TestbedError, match=message):
        engine.inspect("x")


def test_only_the_last_words_of_a_long_complaint_are_shown(folder: Path) -> None:
    with pytest.raises(CommandFailed) as caught:
        _says(folder, "\n".join(f"line {n}" for n in range(100))).run(["build"])
    assert "line 99" in caught.value.message
    assert "line 9\n" not in caught.value.message
    assert "line 9\n" in caught.value.stderr


@pytest.mark.parametrize("said", ["Error: No such container: x", "Error response from daemon: network x not found"])
def test_what_does_not_exist_is_none(folder: Path, said: str) -> None:
    assert _says(folder, said).inspect("x", "network") is None


def test_input_comes_from_bytes_or_a_file_and_is_empty_otherwise(folder: Path) -> None:
    engine = _client(folder, "/bin/cat")
    (folder / "in").write_bytes(b"from a file")
    assert engine.run(["load"], input=b"given") == "given"
    assert engine.run(["load"], input=folder / "in") == "from a file"
    assert engine.run(["load"]) == ""


def test_a_command_that_takes_too_long_is_ended_and_named(folder: Path) -> None:
    with pytest.raises(TestbedError, match=r"docker pull x: not done within 0.1 s"):
        _client(folder, "exec /bin/sleep 10").run(["pull", "x"], timeout_s=0.1)


@pytest.mark.parametrize(("program", "volumes"), [("docker", []), ("podman", ["volume v1"])])
def test_what_is_labelled_goes_whether_or_not_others_are_quicker(
    folder: Path, program: str, volumes: list[str]
) -> None:
    script = """
case "$*" in
  "ps -a"*io.x-k8s.kind.cluster=telcoai-t*) printf 'c2\\tnode\\tUp 2 hours\\n' ;;
  "ps -a"*dev.telcoai.testbed=t*) printf 'c1\\tmachine\\tExited (0) a day ago\\n' ;;
  "network ls"*) printf 'n1\\tnet\\n' ;;
  "volume ls"*node=true*) printf 'v1\\n' ;;
  images*) ;;
  "rm -f -v c1") echo "Error: No such container: c1" >&2; exit 1 ;;
esac
"""
    engine = _client(folder, script, program)
    assert engine.remove_labelled("t") == ["container node", "network net", *volumes]


def test_a_network_that_still_counts_a_container_which_is_gone_is_made_to_forget_it(folder: Path) -> None:
    script = f"""
case "$*" in
  "network ls"*dev.telcoai.testbed=t*) printf 'n1\\tnet\\n' ;;
  "network rm n1") [ -e {folder}/cut ] || {{ echo "network net has active endpoints" >&2; exit 1; }} ;;
  "network inspect n1") echo '[{{"Containers": {{"c9": {{"Name": "node"}}}}}}]' ;;
  "container inspect c9") echo "Error: No such container: c9" >&2; exit 1 ;;
  "network disconnect --force n1 node") : >{folder}/cut ;;
esac
"""
    assert _client(folder, script).remove_labelled("t") == ["network net"]


def test_a_network_with_a_foreign_container_is_left_and_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telcoai.adapters.engine._SETTLE_S", 0.0)
    script = """
case "$*" in
  "network ls"*dev.telcoai.testbed=t*) printf 'n1\\tnet\\n' ;;
  "network rm n1") echo "network net has active endpoints" >&2; exit 1 ;;
  "network inspect n1") echo '[{"Containers": {"c9": {"Name": "guest"}}}]' ;;
  "container inspect c9") echo '[{"Name": "guest"}]' ;;
esac
"""
    with pytest.raises(TestbedError, match="active endpoints") as caught:
        _client(folder, script).remove_labelled("t")
    assert "guest" in caught.value.hint


def test_the_pid_of_a_container_that_does_not_run_is_an_error(folder: Path) -> None:
    running = _client(folder, """echo '[{"State": {"Pid": 12}}]'""")
    assert running.pid("x") == 12
    stopped = _client(folder, """echo '[{"State": {"Pid": 0}}]'""")
    with pytest.raises(TestbedError, match="container x is not running"):
        stopped.pid("x")
    with pytest.raises(TestbedError, match="container x does not exist"):
        _says(folder, "Error: No such container: x").pid("x")


def test_a_client_that_can_not_be_run_is_said(tmp_path: Path) -> None:
    path = tmp_path / "docker"
    path.write_text("no script")
    path.chmod(0o755)
    with pytest.raises(TestbedError, match="Exec format error"):
        Engine(str(path)).run(["ps"])
