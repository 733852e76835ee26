"""The JapaneseVowels data: utterances as arrays, in three slices that share none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from telcoai.errors import InputError
from telcoai.workload.samples import Samples
from telcoai.workload.speaker_vowels.training.architecture import COEFFICIENTS, FRAMES

TRAIN, TEST = "JapaneseVowels_TRAIN.ts", "JapaneseVowels_TEST.ts"
EVERY = 3
"""One test utterance in so many calibrates. They were spoken on other occasions than those trained on, as the scored
ones were, so what they say of exits holds for those."""


@dataclass(frozen=True)
class Utterances:
    """``train``: what is trained on. ``calibration``: int8 ranges and exits' figures. ``scored``: what runs score."""

    train: Samples
    calibration: Samples
    scored: Samples


def load(folder: Path) -> Utterances:
    """The slices, from the folder with both ``.ts`` files; InputError when they aren't what is expected."""
    test = read(folder / TEST)
    numbers = list(range(len(test)))
    calibration = numbers[::EVERY]
    scored = [number for number in numbers if number % EVERY]
    return Utterances(read(folder / TRAIN), test.pick(calibration), test.pick(scored))


def read(path: Path) -> Samples:
    """Utterances of a ``.ts`` file: float32, n × 29 × 12, zeros after the last frame; labels from 0."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as err:
        raise InputError(f"{path}: {err.strerror}", "--data is the folder with the files of JapaneseVowels") from err
    rows = [line for line in lines if line.strip() and not line.startswith(("#", "@"))]
    found = [_utterance(path, row) for row in rows]
    return Samples(np.stack([one for one, _ in found]), np.array([label for _, label in found], np.int64), "inputs")


def _utterance(path: Path, row: str) -> tuple[NDArray[np.float32], int]:
    *series, label = row.split(":")
    try:
        values = np.array([[float(one) for one in dimension.split(",")] for dimension in series], np.float32)
    except ValueError as err:
        raise InputError(f"{path}: no utterance: {row[:60]}…") from err
    if len(values) != COEFFICIENTS or values.ndim != 2 or values.shape[1] > FRAMES:
        raise InputError(f"{path}: an utterance of {list(values.shape)}, not {COEFFICIENTS} × at most {FRAMES}")
    whole = np.zeros((FRAMES, COEFFICIENTS), np.float32)
    whole[: values.shape[1]] = values.T
    return whole, int(label) - 1
