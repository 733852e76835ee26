"""The engine is a script here: what counts is what it is asked, and how its answers are understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from telcoai.adapters.engine import Engine
from telcoai.errors import NodeError
from telcoai.testbed.image_archive import RuntimeImage
from telcoai.testbed.image_loading import K3S, load

HAS = "telcoai.dev/runtime:abc application/vnd.oci sha256:m complete (5/5) 1 MiB/1 MiB true"


@pytest.fixture
def image(tmp_path: Path) -> RuntimeImage:
    (tmp_path / "image.tar").write_bytes(b"the archive")
    return RuntimeImage("telcoai.dev/runtime:abc", "sha256:i", "sha256:m", tmp_path / "image.tar")


def _engine(folder: Path, on_import: str, config: str = "") -> Engine:
    """An engine of nodes that have what was imported into them before; ``full`` has no room."""
    (folder / "config.toml").write_text(config)
    script = f"""#!/bin/sh
echo "$*" >> {folder}/asked
case "$*" in *-i*) shift ;; esac
node=$2
case "$*" in
  *"images check"*) [ -e {folder}/$node.has ] && echo "{HAS}"; exit 0 ;;
  *config*) cat {folder}/config.toml ;;
  *"images import"*) cat > {folder}/$node.got; {on_import} ;;
esac
"""
    path = folder / "docker"
    path.write_text(script)
    path.chmod(0o755)
    return Engine(str(path))


def test_nodes_get_the_archive_once(tmp_path: Path, image: RuntimeImage) -> None:
    engine = _engine(tmp_path, f"touch {tmp_path}/$node.has")
    assert load(engine, image, ["n1", "n2"]) == ["n1", "n2"]
    assert (tmp_path / "n2.got").read_bytes() == b"the archive"
    assert load(engine, image, ["n1", "n2", "n3"]) == ["n3"]
    assert load(engine, image, []) == []


@pytest.mark.parametrize(
    ("config", "snapshotter"),
    [
        ("", "overlayfs"),
        ("version = 2\n[plugins.'io.containerd.grpc.v1.cri'.containerd]\nsnapshotter = 'native'\n", "native"),
        ("version = 3\n[plugins.'io.containerd.cri.v1.images']\nsnapshotter = \"fuse-overlayfs\"\n", "fuse-overlayfs"),
    ],
)
def test_layers_are_unpacked_where_kubernetes_looks(
    tmp_path: Path, image: RuntimeImage, config: str, snapshotter: str
) -> None:
    load(_engine(tmp_path, f"touch {tmp_path}/$node.has", config), image, ["n1"], K3S)
    asked = (tmp_path / "asked").read_text()
    assert f"exec -i n1 k3s ctr -n k8s.io images import --snapshotter {snapshotter} -" in asked


def test_a_full_disk_is_said_with_the_node(tmp_path: Path, image: RuntimeImage) -> None:
    engine = _engine(tmp_path, "echo 'ctr: write /var/lib: no space left on device' >&2; exit 1")
    with pytest.raises(NodeError, match="n1: disk full while the runtime's image was loaded") as caught:
        load(engine, image, ["n1"])
    assert "MB" in caught.value.hint


def test_any_other_failure_has_the_node_and_its_words(tmp_path: Path, image: RuntimeImage) -> None:
    engine = _engine(tmp_path, "echo 'ctr: unrecognized image format' >&2; exit 1")
    with pytest.raises(NodeError, match=r"(?s)n1: the runtime's image can't be loaded: .*unrecognized"):
        load(engine, image, ["n1"])


def test_an_import_that_leaves_nothing_is_an_error(tmp_path: Path, image: RuntimeImage) -> None:
    with pytest.raises(NodeError, match="does not have it"):
        load(_engine(tmp_path, "true"), image, ["n1"])
