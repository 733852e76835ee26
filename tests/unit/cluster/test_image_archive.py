from __future__ import annotations

import gzip
import hashlib
import json
import os
import tarfile
from pathlib import Path

from tests.cluster.image_archive import layer, write


def program_folder(folder: Path) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/program").write_text("#!/bin/sh\n")
    (folder / "bin/program").chmod(0o755)
    (folder / "bin/alias").symlink_to("program")
    return folder


def test_a_layer_keeps_modes_and_links(tmp_path: Path) -> None:
    made = layer(program_folder(tmp_path / "root"))
    plain = gzip.decompress(made.compressed)
    assert hashlib.sha256(plain).hexdigest() == made.digest
    (tmp_path / "layer.tar").write_bytes(plain)
    with tarfile.open(tmp_path / "layer.tar") as tar:
        assert tar.getnames() == ["bin", "bin/alias", "bin/program"]
        assert tar.getmember("bin/program").mode == 0o755
        assert tar.getmember("bin/alias").linkname == "program"
        assert {entry.mtime for entry in tar} == {0}


def test_the_same_content_gives_the_same_layer_whenever_it_was_written(tmp_path: Path) -> None:
    first, second = program_folder(tmp_path / "first"), program_folder(tmp_path / "second")
    os.utime(second / "bin/program", (1, 1))
    assert layer(first) == layer(second)


def test_images_that_share_a_layer_hold_it_once(tmp_path: Path) -> None:
    root = str(program_folder(tmp_path / "root"))
    images = [{"tags": [f"test/{name}:1"], "layers": [root], "entrypoint": [f"/{name}"]} for name in ("one", "two")]
    write(tmp_path / "images.tar", images)
    with tarfile.open(tmp_path / "images.tar") as tar:
        content = {entry.name: tar.extractfile(entry) for entry in tar}
    assert sum(name.endswith(".tar.gz") for name in content) == 1
    assert len(content) == 4


def test_each_image_names_its_configuration_and_layers(tmp_path: Path) -> None:
    root = str(program_folder(tmp_path / "root"))
    write(tmp_path / "images.tar", [{"tags": ["test/one:1"], "layers": [root], "entrypoint": ["/one"]}])
    with tarfile.open(tmp_path / "images.tar") as tar:
        content = {entry.name: reader.read() for entry in tar if (reader := tar.extractfile(entry))}
    (image,) = json.loads(content["manifest.json"])
    config = json.loads(content[image["Config"]])
    assert image["RepoTags"] == ["test/one:1"]
    assert config["config"]["Entrypoint"] == ["/one"]
    layers = [hashlib.sha256(gzip.decompress(content[name])).hexdigest() for name in image["Layers"]]
    assert config["rootfs"]["diff_ids"] == [f"sha256:{digest}" for digest in layers]
