"""Makes everything that this workload ships from the Japanese Vowels data set.

Nothing is downloaded here: ``--data`` is a folder with ``JapaneseVowels_TRAIN.ts`` and ``JapaneseVowels_TEST.ts``,
which the wheels of aeon and sktime hold. Needs the extra ``train``; takes a minute on one core.

    python -m telcoai.workload.speaker_vowels.train --data DIR [--target DIR]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import nn

from telcoai.model.wire import WIRES
from telcoai.workload.chain import Answers, Chain
from telcoai.workload.cost import chain_costs
from telcoai.workload.quantisation import next_inputs, prepare, quantise_stage
from telcoai.workload.replay import host_meta, write_tables
from telcoai.workload.samples import write_samples
from telcoai.workload.speaker_vowels.graph import graph
from telcoai.workload.speaker_vowels.network import build, train
from telcoai.workload.speaker_vowels.utterances import COEFFICIENTS, FRAMES, SPEAKERS, Utterances, load
from telcoai.workload.writing import Items, Row, document, stage_row, text_of

NAME = "speaker-vowels"
WIDTHS = (24, 96)
PRECISIONS = {"fp32": "fp16", "int8": "int8"}
"""With the form in which activations of its variants travel."""

EPOCHS = 150
SEED = 1
THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
HEADER = """\
# yaml-language-server: $schema=../../spec/schemas/workload.json
# Written by train.py; see README.md. Not to be edited by hand.
"""

Found = dict[str, dict[str, Answers]]
"""Answers by slice and wire."""


def main() -> None:
    """Train, export, quantise, evaluate and describe."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--target", type=Path, default=Path(__file__).parent)
    asked = parser.parse_args()
    data = load(asked.data, SEED)
    torch.manual_seed(SEED)
    for width in WIDTHS:
        stages = build(width)
        loss = train(stages, torch.from_numpy(data.train.frames), torch.from_numpy(data.train.labels), EPOCHS)
        print(f"conv{width}: loss {loss:.3f}")
        _export(stages, width, data, asked.target)
    _describe(data, asked.target)


def _files(width: int, precision: str, stages: int = 3) -> list[str]:
    return [f"conv{width}.stage{index}.{precision}.onnx" for index in range(stages)]


def _export(stages: nn.ModuleList, width: int, data: Utterances, target: Path) -> None:
    """Write the stages in fp32, and in int8 with ranges from what is learnt from."""
    inputs = [sample[None] for sample in data.train.frames]
    plain, small = _files(width, "fp32"), _files(width, "int8")
    for index, stage in enumerate(stages):
        onnx.save(graph(stage, index, index == len(stages) - 1), target / plain[index])
        with tempfile.TemporaryDirectory() as folder:
            prepare(target / plain[index], Path(folder) / "prepared.onnx")
            quantise_stage(Path(folder) / "prepared.onnx", target / small[index], inputs, ())
        inputs = next_inputs(target / plain[index], inputs)


def _describe(data: Utterances, target: Path) -> None:
    write_samples(target / "samples.npz", data.scored)
    write_samples(target / "calibration.npz", data.calibration)
    variants = []
    tables: dict[tuple[str, str], Answers] = {}
    for width in WIDTHS:
        for precision in PRECISIONS:
            name = f"conv{width}-{precision}"
            found = _answers(width, precision, data, target)
            tables |= {(name, wire): found["scored"][wire] for wire in WIRES}
            variants.append(_variant(name, _files(width, precision), target, list(_exits(found, precision, data))))
    write_tables(target / "replay.npz", tables, host_meta())
    spec = {
        "family": NAME,
        "classes": SPEAKERS,
        "samples": {"file": "samples.npz", "count": len(data.scored), "calibrated": len(data.calibration)},
        "replay": "replay.npz",
        "variants": variants,
    }
    (target / "workload.yaml").write_text(HEADER + text_of(document(NAME, spec)), encoding="utf-8")


def _answers(width: int, precision: str, data: Utterances, target: Path) -> Found:
    chain = Chain([target / name for name in _files(width, precision)])
    return {
        "scored": chain.answers(iter(data.scored.frames), WIRES),
        "calibration": chain.answers(iter(data.calibration.frames), WIRES),
    }


def _variant(name: str, files: list[str], target: Path, exits: list[dict[str, Any]]) -> dict[str, Any]:
    costs = chain_costs([onnx.load(target / file) for file in files], (FRAMES, COEFFICIENTS))
    return {
        "name": name,
        "precision": name.rsplit("-", 1)[1],
        "input": Row(datatype="FP32", shape=[FRAMES, COEFFICIENTS]),
        "stages": [stage_row(file, cost) for file, cost in zip(files, costs, strict=True)],
        "exits": exits,
    }


def _exits(found: Found, precision: str, data: Utterances) -> Iterator[dict[str, Any]]:
    """Figures of each exit over the variant's own wire. All that isn't learnt or calibrated from is scored."""
    wire = PRECISIONS[precision]
    scored = found["scored"][wire].accuracy(data.scored.labels)
    calibrated = found["calibration"][wire].accuracy(data.calibration.labels)
    for index, accuracy in enumerate(scored):
        yield {
            "accuracy": round(accuracy, 4),
            "accuracy_shipped": round(accuracy, 4),
            "accuracy_calibration": round(calibrated[index], 4),
            "table": [] if index == len(scored) - 1 else _table(found["calibration"][wire], data, index),
        }


def _table(answers: Answers, data: Utterances, exit_: int) -> list[Items]:
    """Rows of threshold, share at or above it, accuracy of those."""
    confidence, right = answers.confidence[:, exit_], answers.prediction[:, exit_] == data.calibration.labels
    rows = []
    for threshold in THRESHOLDS:
        leaving = confidence >= threshold
        accuracy = float(right[leaving].mean()) if leaving.any() else 0.0
        rows.append(Items([threshold, round(float(leaving.mean()), 4), round(accuracy, 4)]))
    return rows


if __name__ == "__main__":
    main()
