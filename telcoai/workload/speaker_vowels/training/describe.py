"""Runs every variant on the calibration and the scored slice, and writes what ships beside the models."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import onnx

from telcoai.model.wire import WIRES
from telcoai.workload.chain import Answers, Chain
from telcoai.workload.cost import chain_costs
from telcoai.workload.exit_tables import exit_table
from telcoai.workload.replay import host_meta, write_tables
from telcoai.workload.samples import Samples, write_samples
from telcoai.workload.speaker_vowels.training.architecture import (
    CLASSES,
    COEFFICIENTS,
    FRAMES,
    NAME,
    STAGES,
    Member,
    members,
)
from telcoai.workload.speaker_vowels.training.utterances import Utterances
from telcoai.workload.writing import Items, Row, document, stage_row, text_of

LOG = logging.getLogger("train")
HEADER = """\
# yaml-language-server: $schema=../../spec/schemas/workload.json
# Written by train.py from the graphs and their evaluation; see README.md. Not to be edited by hand.
"""


def describe(data: Utterances, target: Path) -> None:
    """Write samples, calibration slice, replay table and workload.yaml for the stages in ``target``."""
    write_samples(target / "samples.npz", data.scored)
    write_samples(target / "calibration.npz", data.calibration)
    tables: dict[tuple[str, str], Answers] = {}
    variants = []
    for member in members():
        chain = Chain([target / name for name in member.files])
        scored = chain.answers(data.scored.frames, WIRES)
        calibration = chain.answers(data.calibration.frames, [member.wire])[member.wire]
        tables |= {(member.name, wire): answers for wire, answers in scored.items()}
        variants.append(_variant(member, (scored[member.wire], calibration), data, target))
        _tell(member, "scored", scored[member.wire], data.scored)
        _tell(member, "calibration", calibration, data.calibration)
    write_tables(target / "replay.npz", tables, host_meta())
    text = text_of(document(NAME, _spec(variants, data)))
    (target / "workload.yaml").write_text(HEADER + text, encoding="utf-8")


def _spec(variants: list[dict[str, Any]], data: Utterances) -> dict[str, Any]:
    return {
        "family": NAME,
        "classes": CLASSES,
        "samples": {"file": "samples.npz", "count": len(data.scored), "calibrated": len(data.calibration)},
        "replay": "replay.npz",
        "variants": variants,
    }


def _variant(member: Member, answers: tuple[Answers, Answers], data: Utterances, folder: Path) -> dict[str, Any]:
    costs = chain_costs([onnx.load(folder / name) for name in member.files], (FRAMES, COEFFICIENTS))
    return {
        "name": member.name,
        "precision": member.precision,
        "input": Row(datatype="FP32", shape=[FRAMES, COEFFICIENTS]),
        "stages": [stage_row(file, cost) for file, cost in zip(member.files, costs, strict=True)],
        "exits": [_exit(answers, data, index) for index in range(STAGES)],
    }


def _exit(answers: tuple[Answers, Answers], data: Utterances, index: int) -> dict[str, Any]:
    """Figures of an exit; strategies are told those of the calibration slice, and the last exit needs no table."""
    scored, calibration = answers
    table = exit_table(calibration, data.calibration.labels, index) if index < STAGES - 1 else []
    on_scored = round(scored.accuracy(data.scored.labels)[index], 4)
    return {
        "accuracy": on_scored,
        "accuracy_shipped": on_scored,
        "accuracy_calibration": round(calibration.accuracy(data.calibration.labels)[index], 4),
        "table": [Items(row) for row in table],
    }


def _tell(member: Member, name: str, answers: Answers, samples: Samples) -> None:
    shares = " ".join(f"{share:.4f}" for share in answers.accuracy(samples.labels))
    LOG.info("%s %s (%d utterances) wire %s: exits %s", member.name, name, len(samples), member.wire, shares)
