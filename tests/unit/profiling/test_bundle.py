"""What is brought to another machine: all that measuring needs there, and no more of telcoai."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

from telcoai.profiling.bundle import ENTRY, bundle
from telcoai.profiling.job import Job, read
from telcoai.profiling.measure import SAMPLES
from telcoai.serving.config import StageConfig
from telcoai.testbed.image_source import source_files
from telcoai.testbed.wheels import Target
from tests.unit.profiling.timings import job


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    np.savez(folder / "all.npz", frames=np.zeros((50, 128, 128, 3), np.uint8), labels=np.zeros(50, np.int64))
    variants = []
    for variant in job().variants:
        stages = tuple(
            StageConfig(folder / f"{variant.name}.{k}.onnx", one.activation_shape)
            for k, one in enumerate(variant.stages)
        )
        for stage in stages:
            stage.path.write_bytes(stage.path.name.encode())
        variants.append(dataclasses.replace(variant, stages=stages))
    bundle(
        dataclasses.replace(job(), variants=tuple(variants), frames=folder / "all.npz"),
        Target.here(),
        folder / "bundle.tar.gz",
    )
    with tarfile.open(folder / "bundle.tar.gz") as archive:
        archive.extractall(folder / "there", filter="data")
    return folder / "there"


def test_the_job_there_names_copies_of_its_files_by_relative_paths(unpacked):
    moved = read(unpacked / "job.json", Job)
    for variant in moved.variants:
        for index, stage in enumerate(variant.stages):
            assert not stage.path.is_absolute()
            assert (unpacked / stage.path).read_bytes() == f"{variant.name}.{index}.onnx".encode()
    with np.load(unpacked / moved.frames) as arrays:
        assert arrays["frames"].shape == (SAMPLES, 128, 128, 3)
    assert (moved.repeat, moved.seed) == (job().repeat, job().seed)


def test_the_measuring_process_starts_from_the_archive_alone(unpacked):
    script = f"import {ENTRY}, onnxruntime, PIL, json; print(json.dumps([telcoai.__file__, onnxruntime.__file__]))"
    plain = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    done = subprocess.run(
        [plain, "-s", "-P", "-c", script], env={"PYTHONPATH": str(unpacked / "site")}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert all(Path(name).is_relative_to(unpacked / "site") for name in json.loads(done.stdout))


def test_no_other_room_comes_along():
    rooms = {name.split("/")[1] for name in source_files((ENTRY,))}
    assert not rooms & {"cli", "spec", "report", "testbed", "orchestrator", "experiment", "strategy", "workload"}
