"""Writes what ships beside the models: samples, replay table, workload.yaml and evaluation.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from telcoai.model.wire import WIRES
from telcoai.workload.chain import Answers
from telcoai.workload.cost import StageCost, chain_costs
from telcoai.workload.efficientnet_lite.training import architecture, cifar10
from telcoai.workload.efficientnet_lite.training.architecture import Member
from telcoai.workload.efficientnet_lite.training.cifar10 import SHIPPED, Cifar10
from telcoai.workload.efficientnet_lite.training.evaluate import Places, read_answers
from telcoai.workload.exit_tables import exit_table
from telcoai.workload.replay import host_meta, write_tables
from telcoai.workload.samples import write_samples
from telcoai.workload.writing import Items, document, stage_row, text_of

NAME = "efficientnet-lite"
HEADER = """\
# yaml-language-server: $schema=../../spec/schemas/workload.json
# Written by train.py from the graphs and their evaluation; see README.md. Not to be edited by hand.
"""


def describe(places: Places, target: Path) -> None:
    """Write all four files for every variant that was evaluated."""
    data = cifar10.load(places.data)
    everyone = [m for backbone in architecture.SIZES for m in architecture.members(backbone)]
    write_samples(target / "samples.npz", data.test.part(0, SHIPPED))
    write_samples(target / "calibration.npz", data.calibration)
    _write_replay(everyone, places, target / "replay.npz")
    variants = [_variant(member, places, data) for member in everyone]
    text = text_of(document(NAME, _spec(variants, len(data.test) - SHIPPED)))
    (target / "workload.yaml").write_text(HEADER + text, encoding="utf-8")
    figures = {member.name: _figures(member, places, data) for member in everyone}
    (target / "evaluation.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def costs_of(files: list[Path], size: int) -> list[StageCost]:
    """Costs of the stages in these files for frames of ``size`` pixels."""
    return chain_costs([onnx.load(path) for path in files], (size, size, 3))


def _spec(variants: list[dict[str, Any]], calibrated: int) -> dict[str, Any]:
    return {
        "family": NAME,
        "classes": architecture.CLASSES,
        "samples": {"file": "samples.npz", "count": SHIPPED, "calibrated": calibrated},
        "replay": "replay.npz",
        "variants": variants,
    }


def _variant(member: Member, places: Places, data: Cifar10) -> dict[str, Any]:
    costs = costs_of([places.models / name for name in member.files], member.size)
    return {
        "name": member.name,
        "precision": member.precision,
        "input_size": member.size,
        "stages": [stage_row(file, cost) for file, cost in zip(member.files, costs, strict=True)],
        "exits": [_exit(member, places, data, index) for index in range(len(costs))],
    }


def _exit(member: Member, places: Places, data: Cifar10, index: int) -> dict[str, Any]:
    """Figures of one exit over the variant's own wire; the last exit needs no table, as all that reach it leave.

    What strategies are told, thresholds included, is of the test images that are not shipped and so never scored.
    """
    test, labels = read_answers(places.answers(member), "test", member.wire), data.test.labels
    rest, rest_labels = Answers(test.prediction[SHIPPED:], test.confidence[SHIPPED:]), labels[SHIPPED:]
    last = index == len(architecture.STAGE_GROUPS) - 1
    table = [] if last else exit_table(rest, rest_labels, index)
    return {
        "accuracy": round(test.accuracy(labels)[index], 4),
        "accuracy_shipped": round(_first(test).accuracy(labels[:SHIPPED])[index], 4),
        "accuracy_calibration": round(rest.accuracy(rest_labels)[index], 4),
        "table": [Items(row) for row in table],
    }


def _first(answers: Answers) -> Answers:
    return Answers(answers.prediction[:SHIPPED], answers.confidence[:SHIPPED])


def _write_replay(everyone: list[Member], places: Places, path: Path) -> None:
    tables = {
        (member.name, wire): _first(read_answers(places.answers(member), "test", wire))
        for member in everyone
        for wire in WIRES
    }
    write_tables(path, tables, host_meta())


def _figures(member: Member, places: Places, data: Cifar10) -> Mapping[str, Any]:
    """Accuracy of each exit: over its own wire on all test images, over both wires on those shipped."""
    found: dict[str, Any] = {}
    for wire in WIRES:
        test = read_answers(places.answers(member), "test", wire)
        found[wire] = {
            "test_images": len(test.prediction),
            "test": [round(share, 4) for share in test.accuracy(data.test.labels[: len(test.prediction)])],
            "shipped": [round(share, 4) for share in _first(test).accuracy(data.test.labels[:SHIPPED])],
            "mean_confidence": [round(float(value), 4) for value in np.mean(test.confidence, axis=0)],
        }
    return found
