"""Container images without a registry: writes a docker-archive of images whose layers are given folders.

    image_archive.py OUT.tar IMAGES.json

IMAGES.json lists images: {"tags": [...], "layers": [FOLDER, ...], "entrypoint": [...]}. The same folders give the same
bytes: no time, owner or order of the file system gets in. A layer that several images name is written once.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Layer:
    """A folder as an image's layer: its name in the archive, the digest of its tar and that tar compressed."""

    name: str
    digest: str
    compressed: bytes


def layer(folder: Path) -> Layer:
    """Every path under a folder, sorted, as root's and without times."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(folder.rglob("*")):
            entry = tar.gettarinfo(path, str(path.relative_to(folder)))
            entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = 0, 0, 0, "", ""
            with path.open("rb") if entry.isfile() else io.BytesIO() as content:
                tar.addfile(entry, content)
    digest = hashlib.sha256(plain.getvalue()).hexdigest()
    return Layer(f"{digest}.tar.gz", digest, gzip.compress(plain.getvalue(), compresslevel=1, mtime=0))


def configuration(entrypoint: list[str], layers: list[Layer]) -> bytes:
    """An image's configuration: what runs in it and which layers it is made of."""
    return json.dumps(
        {
            "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine],
            "os": "linux",
            "config": {"Entrypoint": entrypoint, "Env": [PATH]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{one.digest}" for one in layers]},
            "history": [{"created_by": "image_archive"} for _ in layers],
        },
        sort_keys=True,
    ).encode()


def write(out: Path, images: list[dict[str, list[str]]]) -> None:
    """The archive of all images."""
    folders = {folder for image in images for folder in image["layers"]}
    layers = {folder: layer(Path(folder)) for folder in sorted(folders)}
    manifest = []
    files = {one.name: one.compressed for one in layers.values()}
    for image in images:
        own = [layers[folder] for folder in image["layers"]]
        config = configuration(image.get("entrypoint", []), own)
        name = f"{hashlib.sha256(config).hexdigest()}.json"
        files[name] = config
        manifest.append({"Config": name, "RepoTags": image["tags"], "Layers": [one.name for one in own]})
    files["manifest.json"] = json.dumps(manifest).encode()
    with tarfile.open(out, "w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))


if __name__ == "__main__":
    write(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()))
