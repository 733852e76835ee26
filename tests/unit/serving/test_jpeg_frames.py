"""Which configurations with JPEG frames make sense, and what a job makes of its frame."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from telcoai.errors import InputError
from telcoai.model.jpeg import decode, encode
from telcoai.serving.config import StageConfig, VariantConfig, read_config
from telcoai.serving.jobs import Job
from telcoai.serving.ledger import Ledger
from telcoai.serving.refusals import Refused
from telcoai.serving.routes import local_route
from tests.e2e.serving.tiny_family import node_config, workload

FRAME = np.full((8, 8, 3), 100, np.uint8)
VARIANT = VariantConfig("small", "fp32", 8, (StageConfig(Path("a.onnx"), ()),), ("run",))


def read(tmp_path: Path, compute: str, **changes: Any) -> Any:
    path = tmp_path / "c.json"
    path.write_text(json.dumps(node_config(tmp_path, "edge", workload(tmp_path, compute), **changes)))
    return read_config(path)


def job(**facts: Any) -> Job:
    return Job(local_route("vision", "edge", "small", 3), Ledger("edge"), **facts)


def test_frames_travel_raw_unless_the_service_says_jpeg(tmp_path: Path) -> None:
    assert not read(tmp_path, "replay").sends_jpeg("vision")
    assert read(tmp_path, "run", frames={"vision": "jpeg"}).sends_jpeg("vision")


@pytest.mark.parametrize(
    ("compute", "frames", "said"),
    [
        ("replay", {"vision": "jpeg"}, "small: compute is replay, but frames of vision travel as JPEG"),
        ("run", {"other": "jpeg"}, "frames.other: unknown service"),
        ("run", {"vision": "png"}, "frames.vision"),
    ],
)
def test_contradictions_are_named(tmp_path: Path, compute: str, frames: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(tmp_path, compute, frames=frames)


def test_a_frame_is_encoded_at_the_size_of_the_variant() -> None:
    assert decode(job(frame=FRAME).frame_jpeg(16), 16).shape == (16, 16, 3)


def test_a_frame_that_came_as_jpeg_is_decoded() -> None:
    found = np.frombuffer(job(jpeg=encode(FRAME)).input_bytes(VARIANT), np.uint8)
    assert np.abs(found.astype(int) - 100).max() <= 3


@pytest.mark.parametrize("raw", [b"no jpeg", encode(np.zeros((16, 16, 3), np.uint8))])
def test_a_jpeg_of_no_use_is_the_senders_fault(raw: bytes) -> None:
    with pytest.raises(Refused) as caught:
        job(jpeg=raw).input_bytes(VARIANT)
    assert caught.value.status == 400
