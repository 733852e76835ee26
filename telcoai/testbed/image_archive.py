"""An image's archive, made alike whenever and by whichever engine the image was built.

What an engine saves tells when it was built: in layers, configuration and history. Here a saved image is written anew
without times, owners and order of its own, so that the same content has the same digest. The archive can be read by
``docker load`` and by containerd: it has the indexes of both.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from telcoai.errors import TestbedError

_EPOCH = "1970-01-01T00:00:00Z"
_OCI = "application/vnd.oci.image"
_KEPT = ("Env", "Entrypoint", "Cmd", "User", "WorkingDir", "Labels", "ExposedPorts", "Volumes", "StopSignal")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Digests:
    """``image``: the configuration's, by which Docker and Kubernetes know the image; ``manifest``: containerd's."""

    image: str
    manifest: str


@dataclass(frozen=True, slots=True)
class RuntimeImage:
    """``digest``: the image's id; ``manifest``: its digest in containerd; ``archive``: an uncompressed tar file."""

    tag: str
    digest: str
    manifest: str
    archive: Path


@dataclass(frozen=True, slots=True)
class _Blob:
    digest: str
    path: Path

    @property
    def name(self) -> str:
        return f"blobs/sha256/{self.digest.removeprefix('sha256:')}"

    def descriptor(self, kind: str) -> dict[str, Any]:
        return {"mediaType": f"{_OCI}.{kind}", "digest": self.digest, "size": self.path.stat().st_size}


def normalise(saved: Path, archive: Path, tag: str, base_layers: int) -> Digests:
    """Write what ``docker save`` wrote anew, under ``tag``; the first ``base_layers`` layers stay as they are."""
    with tempfile.TemporaryDirectory(dir=archive.parent) as name, tarfile.open(saved) as source:
        folder = Path(name)
        entry = _only_image(source)
        config = json.loads(_member(source, entry["Config"]).read())
        layers = [
            _layer(_member(source, layer), folder / str(index), is_ours=index >= base_layers)
            for index, layer in enumerate(entry["Layers"])
        ]
        return _write(archive, tag, folder, layers, _plain_config(config, layers))


def _only_image(source: tarfile.TarFile) -> dict[str, Any]:
    entries = json.loads(_member(source, "manifest.json").read())
    if len(entries) != 1:
        raise TestbedError(f"{source.name!s}: {len(entries)} images where one was saved")
    return dict(entries[0])


def _member(source: tarfile.TarFile, name: str) -> IO[bytes]:
    """A file of the archive, which may be a link to another of its files."""
    try:
        file = source.extractfile(name)
    except KeyError:
        file = None
    if file is None:
        raise TestbedError(f"{source.name!s}: no image as an engine saves it: {name} is missing")
    return file


def _layer(file: IO[bytes], path: Path, *, is_ours: bool) -> _Blob:
    if file.read(2) == b"\x1f\x8b":
        file.seek(0)
        file = cast(IO[bytes], gzip.GzipFile(fileobj=file))
    else:
        file.seek(0)
    with path.open("wb") as to:
        shutil.copyfileobj(file, to, _CHUNK)
    if is_ours:
        plain = path.with_suffix(".plain")
        _rewrite(path, plain)
        plain.replace(path)
    return _Blob(_digest(path), path)


def _rewrite(path: Path, plain: Path) -> None:
    """A layer in order of names, without times and owners; links come last, after what they may point to."""
    with tarfile.open(path) as source, tarfile.open(plain, "w", format=tarfile.GNU_FORMAT) as to:
        for member in sorted(source.getmembers(), key=lambda one: (one.islnk(), one.name)):
            member.mtime, member.uid, member.gid, member.uname, member.gname = 0, 0, 0, "", ""
            member.pax_headers = {}
            to.addfile(member, source.extractfile(member) if member.isreg() else None)


def _plain_config(config: Mapping[str, Any], layers: list[_Blob]) -> bytes:
    kept = {key: value for key in _KEPT if (value := config.get("config", {}).get(key))}
    platform = {key: config[key] for key in ("architecture", "os", "variant") if config.get(key)}
    roots = {"type": "layers", "diff_ids": [layer.digest for layer in layers]}
    return _json({**platform, "created": _EPOCH, "config": kept, "rootfs": roots})


def _write(archive: Path, tag: str, folder: Path, layers: list[_Blob], config: bytes) -> Digests:
    image = _stored(folder / "config", config)
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{_OCI}.manifest.v1+json",
        "config": image.descriptor("config.v1+json"),
        "layers": [layer.descriptor("layer.v1.tar") for layer in layers],
    }
    listed = _stored(folder / "manifest", _json(manifest))
    names = {"io.containerd.image.name": tag, "org.opencontainers.image.ref.name": tag.rpartition(":")[2]}
    index = {
        "schemaVersion": 2,
        "mediaType": f"{_OCI}.index.v1+json",
        "manifests": [listed.descriptor("manifest.v1+json") | {"annotations": names}],
    }
    docker = [{"Config": image.name, "RepoTags": [tag], "Layers": [layer.name for layer in layers]}]
    with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT) as to:
        _add(to, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
        _add(to, "index.json", _json(index))
        _add(to, "manifest.json", _json(docker))
        for blob in {blob.digest: blob for blob in (listed, image, *layers)}.values():
            _add_file(to, blob)
    return Digests(image.digest, listed.digest)


def _stored(path: Path, content: bytes) -> _Blob:
    path.write_bytes(content)
    return _Blob(_digest(path), path)


def _add(to: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    to.addfile(member, io.BytesIO(content))


def _add_file(to: tarfile.TarFile, blob: _Blob) -> None:
    member = tarfile.TarInfo(blob.name)
    member.size = blob.path.stat().st_size
    with blob.path.open("rb") as file:
        to.addfile(member, file)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _json(document: object) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
