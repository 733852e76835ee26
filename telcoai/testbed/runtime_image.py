"""The image that pods run: the node runtime, the driver and the workload's files, on a base that has Python.

It is built by the engine at hand from ``telcoai/images/runtime/Containerfile``; all that goes into it is brought along.
It is kept as an archive: the engine's own copy goes, since it's the cluster's nodes that need it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from telcoai.adapters.engine import Engine
from telcoai.errors import InputError, TestbedError
from telcoai.testbed import wheels
from telcoai.testbed.image_archive import RuntimeImage, normalise
from telcoai.testbed.image_base import Base, find_base
from telcoai.testbed.image_context import CONTAINERFILE, write_context
from telcoai.testbed.image_loading import K3S, KIND, load
from telcoai.testbed.image_source import source_files

__all__ = ["K3S", "KIND", "RuntimeImage", "build", "load"]

REPOSITORY = "telcoai.dev/runtime"
WORKLOADS = "/workloads"
_KEPT_ARCHIVES = 3
_TRIAL = (
    "import io, telcoai.serving.__main__, telcoai.load.pod, onnxruntime, PIL.Image, pyarrow, pyarrow.parquet as pq;"
    "f = io.BytesIO(); PIL.Image.new('RGB', (8, 8)).save(f, 'JPEG');"
    "PIL.Image.open(io.BytesIO(f.getvalue())).load();"
    "pq.write_table(pyarrow.table({'a': [1]}), io.BytesIO(), compression='zstd')"
)


def build(engine: Engine, cache: Path, base: str, workload_files: Mapping[str, Path]) -> RuntimeImage:
    """The image for this source and these files; from ``cache`` when it was built before, for the same base.

    ``workload_files``: files by their path below ``/workloads`` in the image.
    """
    _check_paths(workload_files)
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache):
        found = find_base(engine, base)
        key = _key(found, workload_files)
        kept = _kept(cache, key)
        return kept or _build(engine, cache, key, found, workload_files)


def _check_paths(workload_files: Mapping[str, Path]) -> None:
    for name, path in workload_files.items():
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts or not place.parts:
            raise InputError(f"{name}: no path below {WORKLOADS}")
        if not path.is_file():
            raise InputError(f"{path}: no such file")


@contextmanager
def _locked(cache: Path) -> Iterator[None]:
    """One build at a time in a cache."""
    with (cache / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _key(base: Base, workload_files: Mapping[str, Path]) -> str:
    """Digest of all that the image is made of."""
    parts = [
        CONTAINERFILE.read_text(),
        base.digest,
        *wheels.DROPPED,
        str(sorted(wheels.needed(wheels.Target.here()).items())),
    ]
    files = {f"source/{name}": path for name, path in source_files().items()}
    files |= {f"workloads/{name}": path for name, path in workload_files.items()}
    for name, path in sorted(files.items()):
        with path.open("rb") as file:
            parts += [name, hashlib.file_digest(file, "sha256").hexdigest()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _kept(cache: Path, key: str) -> RuntimeImage | None:
    """The image of an earlier build, if it's whole."""
    archive, notes = _paths(cache, key)
    try:
        digests = json.loads(notes.read_bytes())
        os.utime(archive)
    except (OSError, ValueError):
        return None
    return RuntimeImage(f"{REPOSITORY}:{key}", digests["image"], digests["manifest"], archive)


def _paths(cache: Path, key: str) -> tuple[Path, Path]:
    return cache / f"runtime-{key}.tar", cache / f"runtime-{key}.json"


def _build(engine: Engine, cache: Path, key: str, base: Base, workload_files: Mapping[str, Path]) -> RuntimeImage:
    tag, (archive, notes) = f"{REPOSITORY}:{key}", _paths(cache, key)
    try:
        with tempfile.TemporaryDirectory(prefix="build-", dir=cache) as name:
            folder = Path(name)
            write_context(engine, base, cache, folder / "context", workload_files)
            _save(engine, base, folder, tag)
            digests = normalise(folder / "saved.tar", folder / "archive.tar", tag, base.layers)
            (folder / "archive.tar").replace(archive)
        notes.write_text(json.dumps({"image": digests.image, "manifest": digests.manifest}))
        _prune(cache)
    except OSError as err:
        hint = (
            f"free space there: the image takes about 1.5 GB while it is built ({shutil.disk_usage(cache).free:,} free)"
        )
        raise TestbedError(f"the runtime's image can't be made in {cache}: {err.strerror}", hint) from err
    return RuntimeImage(tag, digests.image, digests.manifest, archive)


def _save(engine: Engine, base: Base, folder: Path, tag: str) -> None:
    """Build the image, try it as pods will run it, and save it; the engine keeps nothing of it."""
    try:
        engine.build(folder / "context", tag, {"BASE": base.name})
        limits = ["--network", "none", "--read-only", "--cap-drop", "ALL", "--user", "65532:65532"]
        engine.run(["run", "--rm", *limits, "--entrypoint", "python3", tag, "-c", _TRIAL], timeout_s=120)
        engine.run(["save", "-o", str(folder / "saved.tar"), tag], timeout_s=600)
    finally:
        with suppress(TestbedError):  # what failed before says more
            engine.run(["rmi", "-f", tag])


def _prune(cache: Path) -> None:
    """Remove all but the archives used last."""
    archives = sorted(cache.glob("runtime-*.tar"), key=lambda path: path.stat().st_mtime)
    for archive in archives[:-_KEPT_ARCHIVES]:
        archive.unlink()
        archive.with_suffix(".json").unlink(missing_ok=True)
