"""A workload as its replayed answers to certain samples are, in place of what was calibrated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from telcoai.model.workload import ExitPoint, Outcome, Variant, WorkloadInfo
from telcoai.strategy.exits import options
from telcoai.workload.replay import read_table
from telcoai.workload.samples import read_samples

Flags = NDArray[np.bool_]
Shares = NDArray[np.float32]


def answered(info: WorkloadInfo, samples: NDArray[np.int32]) -> WorkloadInfo:
    """The workload as it answers these samples, one or more, with activations as fp16: what each exit alone does, and
    what all of them do together at each combination of calibrated thresholds. InputError when a variant has no replay.
    """
    labels = read_samples(info.samples_path).labels[samples]
    variants = []
    for variant in info.variants:
        answers = read_table(info.replay_path, variant.name, "fp16")
        variants.append(_known(variant, answers.prediction[samples] == labels[:, None], answers.confidence[samples]))
    return replace(info, variants=tuple(variants))


def _known(variant: Variant, right: Flags, sure: Shares) -> Variant:
    exits = tuple(_exit(one, right[:, k], sure[:, k]) for k, one in enumerate(variant.exits))
    outcomes = {one.thresholds: _outcome(one.thresholds, right, sure) for one in options(variant)}
    return replace(variant, exits=exits, outcomes=outcomes)


def _outcome(thresholds: tuple[float, ...], right: Flags, sure: Shares) -> Outcome:
    """Every sample leaves at the first exit whose threshold its confidence reaches, at the last one otherwise."""
    gone = np.column_stack([sure[:, :-1] >= np.array(thresholds), np.ones(len(sure), bool)])
    left_at = gone.argmax(axis=1)
    leave = np.bincount(left_at, minlength=right.shape[1]) / len(sure)
    return tuple(float(share) for share in leave), float(right[np.arange(len(sure)), left_at].mean())


def _exit(calibrated: ExitPoint, right: Flags, sure: Shares) -> ExitPoint:
    if not calibrated.exists:
        return calibrated
    accuracy, table = float(right.mean()), {}
    for threshold in calibrated.table:
        gone = sure >= threshold
        table[threshold] = (float(gone.mean()), float(right[gone].mean()) if gone.any() else accuracy)
    return ExitPoint(accuracy, table)
