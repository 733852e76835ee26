"""Runs variants on the whole test set."""

from __future__ import annotations

import logging
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telcoai.model.wire import WIRES
from telcoai.workload.chain import Answers, Chain
from telcoai.workload.efficientnet_lite.training import cifar10
from telcoai.workload.efficientnet_lite.training.architecture import Member
from telcoai.workload.efficientnet_lite.training.cifar10 import SHIPPED

LOG = logging.getLogger("train")


@dataclass(frozen=True, slots=True)
class Places:
    """``data``: the unpacked CIFAR-10 package. ``models``: the ONNX files. ``work``: what is kept between steps."""

    data: Path
    models: Path
    work: Path

    def answers(self, member: Member) -> Path:
        """Where a variant's answers are kept."""
        return self.work / f"{member.name}.answers.npz"


def evaluate(chosen: tuple[Member, ...], places: Places, processes: int = 2) -> None:
    """Keep every variant's answers to all test images; a process each, at most ``processes`` at a time."""
    with ProcessPoolExecutor(processes) as pool:
        for line in pool.map(_evaluate, chosen, [places] * len(chosen)):
            LOG.info("%s", line)


def _evaluate(member: Member, places: Places) -> str:
    """All test images over the variant's own wire; over the other one those that are shipped."""
    data = cifar10.load(places.data)
    chain = Chain([places.models / name for name in member.files])
    shipped, rest = data.test.part(0, SHIPPED), data.test.part(SHIPPED, len(data.test))
    parts = {("test", wire): [found] for wire, found in chain.answers(shipped.scaled(member.size), WIRES).items()}
    parts["test", member.wire] += [chain.answers(rest.scaled(member.size), [member.wire])[member.wire]]
    arrays: dict[str, NDArray[Any]] = {}
    lines = []
    for (name, wire), pieces in parts.items():
        found = joined(pieces)
        arrays[f"{name}/{wire}/prediction"], arrays[f"{name}/{wire}/confidence"] = found.prediction, found.confidence
        labels = getattr(data, name).labels[: len(found.prediction)]
        shares = " ".join(f"{share:.4f}" for share in found.accuracy(labels))
        lines.append(f"{member.name} {name} ({len(labels)} images) wire {wire}: exits {shares}")
    np.savez_compressed(places.answers(member), **arrays)  # type: ignore[arg-type]
    return "\n".join(lines)


def joined(pieces: list[Answers]) -> Answers:
    """Answers to one set of samples after the other."""
    predictions, confidences = [p.prediction for p in pieces], [p.confidence for p in pieces]
    return Answers(np.concatenate(predictions), np.concatenate(confidences))


def read_answers(path: Path, name: str, wire: str) -> Answers:
    """A variant's kept answers to a slice over a wire."""
    with np.load(path) as arrays:
        return Answers(arrays[f"{name}/{wire}/prediction"], arrays[f"{name}/{wire}/confidence"])
