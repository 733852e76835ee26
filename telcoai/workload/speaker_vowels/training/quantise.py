"""int8 stages of one width, with ranges from the calibration slice."""

from __future__ import annotations

import logging
from pathlib import Path

import onnx

from telcoai.workload.quantisation import next_inputs, prepare, quantise_stage
from telcoai.workload.samples import Samples
from telcoai.workload.speaker_vowels.training.architecture import EXIT, Member

LOG = logging.getLogger("train")


def quantise(width: str, calibration: Samples, folder: Path) -> None:
    """Write the int8 stages beside the fp32 ones. Exits stay fp32: they hardly take time."""
    inputs = [one[None] for one in calibration.frames]
    for source, target in zip(Member(width, "fp32").files, Member(width, "int8").files, strict=True):
        prepared = (folder / target).with_suffix(".prepared.onnx")
        prepare(folder / source, prepared)
        kept = [node.name for node in onnx.load(prepared).graph.node if node.name.startswith(EXIT)]
        quantise_stage(prepared, folder / target, inputs, kept)
        prepared.unlink()
        LOG.info("quantised %s from %d inputs", target, len(inputs))
        inputs = next_inputs(folder / source, inputs)
