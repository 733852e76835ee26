from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import tarfile
from pathlib import Path
from typing import Any

import pytest

from telcoai.errors import TestbedError
from telcoai.testbed.image_archive import Digests, normalise

TAG = "telcoai.dev/runtime:abc"
BASE_FILES = {"etc/os": b"base"}
FILES = {"opt/a.py": b"a", "opt/b.py": b"b", "opt/deep/c": b"c" * 5000}


def _layer(files: dict[str, bytes], seed: int) -> bytes:
    """A layer whose order, times and owners are of chance."""
    random_, buffer = random.Random(seed), io.BytesIO()
    names = sorted(files)
    random_.shuffle(names)
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.uid = len(files[name]), random_.random() * 1e9, random_.randrange(99)
            member.uname = f"user{seed}"
            archive.addfile(member, io.BytesIO(files[name]))
        link = tarfile.TarInfo("0-link")
        link.type, link.linkname = tarfile.LNKTYPE, names[0] if len(names) == 1 else "opt/a.py"
        archive.addfile(link)
    return buffer.getvalue()


def _saved(path: Path, layers: list[bytes], seed: int, images: int = 1) -> Path:
    """What an engine saves; times in configuration and history are of chance."""
    config: dict[str, Any] = {
        "architecture": "amd64",
        "os": "linux",
        "created": f"2026-01-0{seed}T00:00:00Z",
        "container": f"{seed}" * 9,
        "docker_version": "20.10",
        "history": [{"created": f"2026-01-0{seed}T00:00:00Z", "created_by": "x"}],
        "config": {"Env": ["A=1"], "User": "65532:65532", "Image": f"sha256:{seed}", "Cmd": None},
        "rootfs": {"type": "layers", "diff_ids": []},
    }
    entry = {"Config": "c.json", "RepoTags": [TAG], "Layers": [f"{index}/layer.tar" for index in range(len(layers))]}
    with tarfile.open(path, "w") as archive:
        files = {f"{index}/layer.tar": layer for index, layer in enumerate(layers)}
        files |= {"c.json": json.dumps(config).encode(), "manifest.json": json.dumps([entry] * images).encode()}
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def _normalised(folder: Path, seed: int, files: dict[str, bytes], *, zipped: bool = False) -> tuple[Digests, bytes]:
    ours = _layer(files, seed)
    layers = [_layer(BASE_FILES, 0), gzip.compress(ours) if zipped else ours]
    archive = folder / f"{seed}.tar"
    digests = normalise(_saved(folder / "saved.tar", layers, seed), archive, TAG, 1)
    return digests, archive.read_bytes()


def test_the_same_content_is_the_same_archive_whenever_it_was_built(tmp_path: Path) -> None:
    first = _normalised(tmp_path, 1, FILES)
    assert first == _normalised(tmp_path, 2, FILES)
    assert first == _normalised(tmp_path, 3, FILES, zipped=True)
    assert first[0] != _normalised(tmp_path, 4, FILES | {"opt/a.py": b"A"})[0]


def test_engines_and_containerd_find_the_image_by_its_digests(tmp_path: Path) -> None:
    digests, _ = _normalised(tmp_path, 1, FILES)
    with tarfile.open(tmp_path / "1.tar") as archive:
        content = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    for name, blob in content.items():
        if name.startswith("blobs/"):
            assert name == f"blobs/sha256/{hashlib.sha256(blob).hexdigest()}"
    (docker,) = json.loads(content["manifest.json"])
    assert docker["RepoTags"] == [TAG]
    assert docker["Config"] == f"blobs/sha256/{digests.image.removeprefix('sha256:')}"
    (listed,) = json.loads(content["index.json"])["manifests"]
    assert listed["digest"] == digests.manifest
    assert listed["annotations"]["io.containerd.image.name"] == TAG
    manifest = json.loads(content[f"blobs/sha256/{digests.manifest.removeprefix('sha256:')}"])
    config = json.loads(content[docker["Config"]])
    assert [layer["digest"] for layer in manifest["layers"]] == config["rootfs"]["diff_ids"]
    assert config["config"] == {"Env": ["A=1"], "User": "65532:65532"}
    assert config["created"] == "1970-01-01T00:00:00Z"
    assert "history" not in config


def test_layers_of_the_base_stay_as_they_are_and_links_follow_their_targets(tmp_path: Path) -> None:
    _normalised(tmp_path, 1, FILES)
    with tarfile.open(tmp_path / "1.tar") as archive:
        (docker,) = json.loads(archive.extractfile("manifest.json").read())  # type: ignore[union-attr]
        layers = [archive.extractfile(name).read() for name in docker["Layers"]]  # type: ignore[union-attr]
    assert layers[0] == _layer(BASE_FILES, 0)
    with tarfile.open(fileobj=io.BytesIO(layers[1])) as layer:
        assert layer.getnames() == [*sorted(FILES), "0-link"]
        assert {(one.mtime, one.uid, one.uname) for one in layer} == {(0, 0, "")}
        assert layer.extractfile("0-link").read() == b"a"  # type: ignore[union-attr]


def test_what_is_no_saved_image_is_refused(tmp_path: Path) -> None:
    two = _saved(tmp_path / "two.tar", [_layer(FILES, 1)], 1, images=2)
    with pytest.raises(TestbedError, match="2 images"):
        normalise(two, tmp_path / "x.tar", TAG, 0)
    with tarfile.open(tmp_path / "empty.tar", "w"):
        pass
    with pytest.raises(TestbedError, match=r"manifest\.json is missing"):
        normalise(tmp_path / "empty.tar", tmp_path / "x.tar", TAG, 0)
