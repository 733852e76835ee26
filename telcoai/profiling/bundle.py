"""All that another machine needs to measure a job, in one archive: modules, libraries of its Python, models, frames.

``python -m telcoai.profiling.bundle JOB.json OUT.tar.gz < PYTHON.json``: the playbook calls it once it knows what
Python is there, so that nothing has to be installed on that machine, nor downloaded from it.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np

from telcoai.errors import InputError, TelcoaiError
from telcoai.profiling.job import Job, read, write
from telcoai.profiling.measure import SAMPLES
from telcoai.serving.config import StageConfig
from telcoai.testbed.image_source import source_files
from telcoai.testbed.wheels import Target, needed, provide

ENTRY = "telcoai.profiling.__main__"
ROOTS = ("numpy", "onnxruntime", "pillow", "pydantic", "uvloop")
"""What the measuring process imports."""

SITE, JOB, FRAMES = "site", "job.json", "frames.npz"
QUICK = 1
"""gzip's level: models and libraries hardly shrink further, and a board's link is slow enough to be worth it."""


def bundle(job: Job, target: Target, archive: Path) -> None:
    """Write the archive; InputError or TestbedError when a file or a library can't be had."""
    with tempfile.TemporaryDirectory(prefix="telcoai-bundle-", dir=archive.parent) as name:
        folder = Path(name)
        (folder / SITE).mkdir()
        provide(needed(target, ROOTS), target, folder / SITE)
        for module, path in source_files((ENTRY,)).items():
            _copy(path, folder / SITE / module)
        write(folder / JOB, _moved(job, folder))
        with tarfile.open(archive, "w:gz", compresslevel=QUICK) as tar:
            for entry in sorted(folder.iterdir()):
                tar.add(entry, entry.name)


def _moved(job: Job, folder: Path) -> Job:
    """The job on copies of its files under ``folder``, with paths relative to it."""
    variants = []
    for number, variant in enumerate(job.variants):
        stages = []
        for index, stage in enumerate(variant.stages):
            copy = Path("models") / f"{number}-{index}{stage.path.suffix}"
            _copy(stage.path, folder / copy)
            stages.append(StageConfig(copy, stage.activation_shape))
        variants.append(dataclasses.replace(variant, stages=tuple(stages)))
    with np.load(job.frames) as arrays:
        np.savez(folder / FRAMES, frames=arrays["frames"][:SAMPLES])
    return dataclasses.replace(job, variants=tuple(variants), frames=Path(FRAMES))


def _copy(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, place)


def main(arguments: list[str], python: str) -> int:
    """Write the archive for a machine whose Python is described in JSON; returns the exit code."""
    try:
        if len(arguments) != 2:
            raise InputError("usage: python -m telcoai.profiling.bundle JOB.json OUT.tar.gz < PYTHON.json")
        bundle(read(Path(arguments[0]), Job), Target(**json.loads(python)), Path(arguments[1]))
    except TelcoaiError as err:
        print(err.message, file=sys.stderr)
        return err.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdin.read()))
