"""What the engine builds the runtime's image from: a folder of the libraries, telcoai's modules and workload files."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import telcoai
from telcoai.adapters.engine import Engine
from telcoai.testbed import wheels
from telcoai.testbed.image_base import Base, compile_in, target_of
from telcoai.testbed.image_source import source_files

CONTAINERFILE = Path(telcoai.__file__).parent / "images" / "runtime" / "Containerfile"
_PLACE = "/opt/telcoai"
_KEPT_SITES = 2


def write_context(engine: Engine, base: Base, cache: Path, context: Path, workload_files: Mapping[str, Path]) -> None:
    """Fill ``context`` (a new folder in ``cache``) for the package's Containerfile."""
    target = target_of(engine, base)
    context.mkdir()
    shutil.copyfile(CONTAINERFILE, context / "Containerfile")
    _copy_files(source_files(), context / "source")
    compile_in(engine, base, context / "source", f"{_PLACE}/source")
    (context / "workloads").mkdir()
    _copy_files(workload_files, context / "workloads")
    shutil.copytree(_site(engine, base, target, cache), context / "site", copy_function=os.link)
    _open_to_all(context)


def _site(engine: Engine, base: Base, target: wheels.Target, cache: Path) -> Path:
    """The folder of libraries for a base; kept, since they change less often than telcoai."""
    versions = wheels.needed(target)
    parts = [base.digest, *wheels.DROPPED, *(f"{name}=={version}" for name, version in versions.items())]
    site = cache / f"site-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:12]}"
    if not site.is_dir():
        with tempfile.TemporaryDirectory(prefix="build-", dir=cache) as name:
            draft = Path(name) / "site"
            draft.mkdir()
            wheels.provide(versions, target, draft)
            compile_in(engine, base, draft, f"{_PLACE}/site")
            draft.rename(site)
    os.utime(site)
    for old in sorted(cache.glob("site-*"), key=lambda path: path.stat().st_mtime)[:-_KEPT_SITES]:
        shutil.rmtree(old)
    return site


def _copy_files(files: Mapping[str, Path], folder: Path) -> None:
    for name, path in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)


def _open_to_all(folder: Path) -> None:
    """Let the image's user read everything, whatever this process's umask is."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
