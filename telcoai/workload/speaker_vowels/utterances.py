"""The Japanese Vowels data set as tensors: reads the ``.ts`` files in which time series archives hold it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from telcoai.errors import InputError
from telcoai.workload.samples import Samples

FRAMES, COEFFICIENTS, SPEAKERS = 29, 12, 9
"""An utterance has 7 to 29 frames of 12 cepstrum coefficients; it is filled up with zeros."""

CALIBRATION = 120
"""Utterances of the test file from which exit tables come; the other 250 are scored."""


@dataclass(frozen=True)
class Utterances:
    """Three slices that share no utterance: 270 to learn from, 120 to calibrate on, 250 to score."""

    train: Samples
    calibration: Samples
    scored: Samples


def load(folder: Path, seed: int) -> Utterances:
    """Read ``JapaneseVowels_TRAIN.ts`` and ``JapaneseVowels_TEST.ts``; InputError when they aren't there."""
    test = _read(folder / "JapaneseVowels_TEST.ts")
    order = [int(number) for number in np.random.default_rng(seed).permutation(len(test))]
    return Utterances(
        train=_read(folder / "JapaneseVowels_TRAIN.ts"),
        calibration=test.pick(order[:CALIBRATION]),
        scored=test.pick(order[CALIBRATION:]),
    )


def _read(path: Path) -> Samples:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as err:
        raise InputError(f"{path} can't be read: {err}", "aeon's and sktime's wheels hold it") from err
    rows = [line for line in lines[lines.index("@data") + 1 :] if line]
    pairs = [line.rsplit(":", 1) for line in rows]
    labels = np.array([int(label) - 1 for _, label in pairs], np.int64)
    return Samples(np.stack([_tensor(series) for series, _ in pairs]), labels, "inputs")


def _tensor(series: str) -> NDArray[np.float32]:
    """Frames × coefficients."""
    columns = [np.array(one.split(","), np.float32) for one in series.split(":")]
    found = np.zeros((FRAMES, COEFFICIENTS), np.float32)
    found[: len(columns[0])] = np.stack(columns, axis=1)
    return found
