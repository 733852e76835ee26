"""What thresholds do at an exit, as a workload's file has it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from telcoai.workload.chain import Answers

THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))


def exit_table(answers: Answers, labels: NDArray[np.int64], exit_: int) -> list[list[float]]:
    """Rows of threshold, share of all samples at or above it, accuracy of those (0 when there are none)."""
    confidence, right = answers.confidence[:, exit_], answers.prediction[:, exit_] == labels
    rows = []
    for threshold in THRESHOLDS:
        leaving = confidence >= threshold
        accuracy = float(right[leaving].mean()) if leaving.any() else 0.0
        rows.append([threshold, round(float(leaving.mean()), 4), round(accuracy, 4)])
    return rows
