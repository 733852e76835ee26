"""Builds the runtime's image with a real engine; needs one, and the name of a base with Python."""

from __future__ import annotations

import io
import json
import os
import secrets
import shutil
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from telcoai.adapters.engine import Engine
from telcoai.errors import InputError, NodeError, TelcoaiError, TestbedError
from telcoai.testbed.runtime_image import RuntimeImage, build, load
from tests.e2e.serving import tiny_family

BASE = os.environ.get("TELCOAI_PYTHON_BASE", "")
NODE_IMAGE = os.environ.get("TELCOAI_KIND_IMAGE", "")
RESTRICTED = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--network", "none"]

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not BASE, reason="TELCOAI_PYTHON_BASE names no base: see make cluster-host"),
]

Start = Callable[..., str]


@pytest.fixture(scope="module")
def engine() -> Engine:
    try:
        return Engine.find()
    except TelcoaiError as err:
        pytest.skip(err.message)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("family")
    tiny_family.write_family(folder)
    return {f"tiny/{path.name}": path for path in folder.iterdir() if path.suffix in (".onnx", ".npz")}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def image(engine: Engine, cache: Path, files: dict[str, Path]) -> RuntimeImage:
    return build(engine, cache, BASE, files)


@pytest.fixture
def start(engine: Engine) -> Iterator[Start]:
    """Starts containers, and removes them."""
    names: list[str] = []

    def run(*words: str) -> str:
        names.append(f"img-test-{secrets.token_hex(4)}")
        engine.run(["run", "-d", "--name", names[-1], *words])
        return names[-1]

    yield run
    for name in names:
        engine.run(["rm", "-f", "-v", name])


def test_the_same_source_gives_the_same_image_and_the_engine_keeps_nothing(
    engine: Engine, image: RuntimeImage, files: dict[str, Path], tmp_path: Path
) -> None:
    again = build(engine, tmp_path / "cache", BASE, files)
    assert (again.tag, again.digest, again.manifest) == (image.tag, image.digest, image.manifest)
    with again.archive.open("rb") as one, image.archive.open("rb") as other:
        while chunk := one.read(1 << 20):
            assert chunk == other.read(1 << 20)
        assert not other.read(1)
    assert engine.inspect(image.tag, "image") is None


def test_a_second_call_builds_nothing(
    engine: Engine, cache: Path, image: RuntimeImage, files: dict[str, Path], tmp_path: Path
) -> None:
    before = image.archive.stat().st_ino
    assert build(engine, cache, BASE, files) == image
    assert image.archive.stat().st_ino == before
    other = tmp_path / "other"
    other.write_text("changed")
    changed = build(engine, cache, BASE, {**files, "tiny/other": other})
    assert (changed.tag == image.tag, changed.digest == image.digest) == (False, False)
    assert not list(cache.glob("build-*"))


@pytest.fixture
def loaded(engine: Engine, image: RuntimeImage) -> Iterator[str]:
    """The tag of the image in the engine, to be run."""
    engine.run(["load", "-i", str(image.archive)], timeout_s=120)
    found = engine.inspect(image.tag, "image")
    assert found is not None
    assert found["Id"] == image.digest
    yield image.tag
    engine.run(["rmi", "-f", image.tag])


def test_a_runtime_serves_from_it_with_no_rights_at_all(
    engine: Engine, loaded: str, start: Start, tmp_path: Path
) -> None:
    config = tiny_family.node_config(Path("/tmp"), "edge", tiny_family.workload(Path("/workloads/tiny")))
    config |= {"listen": ["0.0.0.0", 8080], "token_file": "/config/token"}
    (tmp_path / "edge.json").write_text(json.dumps(config))
    (tmp_path / "token").write_text("x")
    tmp_path.chmod(0o755)
    name = start(*RESTRICTED, "--tmpfs", "/tmp", "-v", f"{tmp_path}:/config:ro", loaded, "/config/edge.json")
    until = time.monotonic() + 60
    while not _answers(engine, name, "http://127.0.0.1:8080/v2/health/ready"):
        assert time.monotonic() < until, engine.run(["logs", name])
        time.sleep(0.2)
    assert engine.exec_(name, ["id", "-u"]).strip() == "65532"
    engine.run(["stop", "-t", "20", name])
    found = engine.inspect(name)
    assert found is not None
    assert found["State"]["ExitCode"] == 0


def test_drivers_run_from_it_too(engine: Engine, loaded: str, start: Start, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("x")
    tmp_path.chmod(0o755)
    told = ["-e", "TELCOAI_TOKEN_FILE=/config/token", "--tmpfs", "/tmp", "-v", f"{tmp_path}:/config:ro"]
    name = start(*RESTRICTED, *told, "--entrypoint", "python3", loaded, "-m", "telcoai.load.pod")
    until = time.monotonic() + 60
    while not _answers(engine, name, "http://127.0.0.1:8081/v2/health/ready"):
        assert time.monotonic() < until, engine.run(["logs", name])
        time.sleep(0.2)
    engine.run(["stop", "-t", "20", name])
    found = engine.inspect(name)
    assert found is not None
    assert found["State"]["ExitCode"] == 0


def _answers(engine: Engine, name: str, url: str) -> bool:
    with suppress(TestbedError):
        engine.exec_(name, ["python3", "-S", "-c", f"import urllib.request as u; u.urlopen('{url}', timeout=5)"])
        return True
    return False


def test_a_base_that_is_nowhere_is_said(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(TestbedError, match=r"the base telcoai\.test/nowhere:1 of the runtime's image can't be had"):
        build(engine, tmp_path, "telcoai.test/nowhere:1", {})


def test_a_base_without_python_is_said(engine: Engine, tmp_path: Path) -> None:
    empty = io.BytesIO()
    with tarfile.open(fileobj=empty, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("nothing"))
    tag = f"telcoai.test/img-empty:{secrets.token_hex(4)}"
    engine.run(["import", "-", tag], input=empty.getvalue())
    try:
        with pytest.raises(TestbedError, match="python3 does not run in the base"):
            build(engine, tmp_path, tag, {})
    finally:
        engine.run(["rmi", "-f", tag])


def test_files_that_are_not_there_or_lead_elsewhere_are_refused(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        build(engine, tmp_path, BASE, {"tiny/x": tmp_path / "x"})
    for name in ("../x", "/x", ""):
        with pytest.raises(InputError, match="no path below /workloads"):
            build(engine, tmp_path, BASE, {name: Path(__file__)})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small disk")
def test_a_full_disk_is_said_and_leaves_nothing(
    engine: Engine, image: RuntimeImage, files: dict[str, Path], tmp_path: Path
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(small)], check=True)
    try:
        with pytest.raises(TestbedError, match=r"can't be made in .*No space left"):
            build(engine, small, BASE, files)
        assert [path.name for path in small.iterdir()] == ["lock"]
    finally:
        subprocess.run(["umount", str(small)], check=True)
    assert shutil.disk_usage(image.archive.parent).free > 0


@pytest.mark.skipif(not NODE_IMAGE, reason="TELCOAI_KIND_IMAGE names no node image: see make cluster-host")
def test_nodes_take_it_once_and_say_when_they_have_no_room(engine: Engine, image: RuntimeImage, start: Start) -> None:
    node = _node(engine, start, "--volume", "/var")
    assert load(engine, image, [node]) == [node]
    assert load(engine, image, [node]) == []
    small = _node(engine, start, "--volume", "/var", "--tmpfs", "/var/lib/containerd:size=100m,exec")
    with pytest.raises(NodeError, match=f"{small}: disk full"):
        load(engine, image, [node, small])


def _node(engine: Engine, start: Start, *words: str) -> str:
    """A node of kind's that nobody made a cluster of: its containerd runs."""
    name = start("--privileged", "-t", "--cgroupns=private", "--tmpfs", "/tmp", "--tmpfs", "/run", *words, NODE_IMAGE)
    until = time.monotonic() + 60
    while True:
        with suppress(TestbedError):
            engine.exec_(name, ["ctr", "-n", "k8s.io", "images", "ls", "-q"])
            return name
        assert time.monotonic() < until, engine.run(["logs", "--tail", "20", name])
        time.sleep(0.5)
