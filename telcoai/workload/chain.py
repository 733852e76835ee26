"""Runs the stages of a variant one after the other, as nodes of a testbed do, on one thread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from telcoai.model.wire import from_wire, to_wire
from telcoai.model.workload import UNSURE

if TYPE_CHECKING:
    import onnxruntime

Activation = NDArray[np.float32]
Outputs = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Answers:
    """What each exit says. ``prediction``: class, samples × exits. ``confidence``: float32 largest softmax, same.

    A stage without an exit has prediction 0 and confidence ``UNSURE``.
    """

    prediction: NDArray[np.integer]
    confidence: NDArray[np.float32]

    def accuracy(self, labels: NDArray[np.int64]) -> tuple[float, ...]:
        """Share of right answers at each exit, were every sample to leave there."""
        right = (self.prediction == labels[:, None]).mean(axis=0)
        return tuple(float(share) for share in right)


class Chain:
    """Sessions of a variant's stages. Batch 1 and one thread: results equal those of a running testbed."""

    def __init__(self, stages: Sequence[Path]) -> None:
        self._sessions = [open_session(path) for path in stages]

    def answers(self, inputs: Iterable[NDArray[Any]], wires: Sequence[str]) -> dict[str, Answers]:
        """Answers of every exit to samples as the variant takes them, for each form in which activations may travel."""
        rows: dict[str, list[list[tuple[int, float]]]] = {wire: [] for wire in wires}
        name = self._sessions[0].get_inputs()[0].name
        for one in inputs:
            first = run_named(self._sessions[0], {name: one[None]})
            for wire in wires:
                rows[wire].append(self._rest(first, wire))
        return {wire: _table(found) for wire, found in rows.items()}

    def _rest(self, outputs: Outputs, wire: str) -> list[tuple[int, float]]:
        """Answers of every exit, given the first stage's outputs (logits, activation)."""
        found = [said(outputs)]
        for session in self._sessions[1:]:
            outputs = run_named(session, {"activation_in": across(outputs["activation"], wire)})
            found.append(said(outputs))
        return found


def run_named(session: onnxruntime.InferenceSession, feed: Outputs) -> Outputs:
    """Every output of a session, by name."""
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, dict(feed)), strict=True))


def said(outputs: Outputs) -> tuple[int, float]:
    """Prediction and confidence of a stage's exit; of a stage without one, 0 and less than any threshold."""
    return answer_of(outputs["logits"]) if "logits" in outputs else (0, UNSURE)


def across(activation: Activation, wire: str) -> Activation:
    """The activation as the next stage gets it, after travelling in the form ``wire``."""
    raw, scale = to_wire(activation, wire)
    return from_wire(raw, scale, wire, activation.shape)


def answer_of(logits: NDArray[np.float32]) -> tuple[int, float]:
    """Prediction and confidence (largest softmax) of logits 1 × classes."""
    row = logits[0]
    best = int(row.argmax())
    return best, float(np.float32(1.0) / np.exp(row - row[best]).sum())


def open_session(path: Path) -> onnxruntime.InferenceSession:
    """An onnxruntime session on the CPU with one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _table(rows: list[list[tuple[int, float]]]) -> Answers:
    pairs = np.array(rows, np.float64)
    classes = pairs[..., 0].astype(np.int64)
    kind = np.min_scalar_type(int(classes.max(initial=0)))
    return Answers(classes.astype(kind), pairs[..., 1].astype(np.float32))
