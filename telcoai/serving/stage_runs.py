"""Running stages for real: onnxruntime sessions with one thread each."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telcoai.model.wire import from_wire, to_wire
from telcoai.model.workload import UNSURE
from telcoai.serving.config import VariantConfig
from telcoai.serving.refusals import Refused


@dataclass(frozen=True, slots=True)
class StageOutput:
    """What a stage gave: its exit's answer, and the activation in wire form (empty after the last stage).

    ``logits`` is None when replayed, and where the stage has no exit: its confidence is then below every threshold.
    """

    prediction: int
    confidence: float
    activation: bytes
    scale: float
    logits: NDArray[np.float32] | None = None
    is_replayed: bool = False


class Sessions:
    """Sessions by ONNX file, loaded once, by whichever thread needs one first."""

    def __init__(self) -> None:
        self._sessions: dict[Path, Any] = {}
        self._lock = threading.Lock()

    def load(self, path: Path) -> Any:
        """The session of a file; blocks while it is loaded. Refused(500) when it is no model."""
        session = self._sessions.get(path)
        if session is None:
            with self._lock:
                session = self._sessions.get(path)
                if session is None:
                    session = self._sessions[path] = _open(path)
        return session

    def unload(self, path: Path) -> None:
        """Let a file's session go, once nobody runs it any more."""
        with self._lock:
            self._sessions.pop(path, None)

    def is_for_one(self, path: Path) -> bool:
        """Whether the file's graph is for one sample at a time, so that those of a batch run one after the other."""
        shape = self.load(path).get_inputs()[0].shape
        return bool(shape) and shape[0] == 1

    def run_stage(
        self, variant: VariantConfig, index: int, inputs: Sequence[tuple[bytes, float]], wire: str
    ) -> list[StageOutput]:
        """Run a stage on all of the inputs together; blocks, for a thread of its own.

        An input is what the variant takes and 1 (stage 0), or an activation in wire form and its scale.
        """
        stage = variant.stages[index]
        values = [_value(variant, index, one, wire) for one in inputs]
        batches = values if self.is_for_one(stage.path) else [np.concatenate(values) if len(values) > 1 else values[0]]
        session = self.load(stage.path)
        names = (["logits"] if stage.has_exit else []) + (["activation"] if stage.activation_shape else [])
        name, found = session.get_inputs()[0].name, []
        for batch in batches:
            with _failures(f"stage {index} of {variant.name} can't be run"):
                given = dict(zip(names, session.run(names, {name: batch}), strict=True))
            found += [_output({what: each[k : k + 1] for what, each in given.items()}, wire) for k in range(len(batch))]
        return found


def _value(variant: VariantConfig, index: int, one: tuple[bytes, float], wire: str) -> NDArray[Any]:
    """A batch of one."""
    payload, scale = one
    if index == 0:
        return input_of(payload, variant)
    return from_wire(payload, scale, wire, (1, *variant.stages[index - 1].activation_shape))


def _output(given: Mapping[str, NDArray[np.float32]], wire: str) -> StageOutput:
    """What a stage gave for one sample."""
    logits = given.get("logits")
    prediction, confidence = answer_of(logits) if logits is not None else (0, UNSURE)
    activation, scale = to_wire(given["activation"], wire) if "activation" in given else (b"", 1.0)
    return StageOutput(prediction, confidence, activation, scale, logits)


def input_of(payload: bytes, variant: VariantConfig) -> NDArray[Any]:
    """Raw bytes as a batch of one frame or tensor, whichever the variant takes."""
    if variant.tensor is not None:
        return np.frombuffer(payload, variant.tensor.numpy).reshape(1, *variant.tensor.shape)
    return np.frombuffer(payload, np.uint8).reshape(1, variant.input_size, variant.input_size, 3)


def answer_of(logits: NDArray[np.float32]) -> tuple[int, float]:
    """Prediction and its confidence, the largest softmax, of a batch of one."""
    row = logits[0]
    best = int(row.argmax())
    return best, float(np.float32(1.0) / np.exp(row - row[best]).sum())


def _open(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    with _failures(f"{path} can't be loaded"):
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


@contextmanager
def _failures(what: str) -> Iterator[None]:
    """Turn onnxruntime's errors, which share no class of their own, into a refusal that says what failed."""
    from onnxruntime.capi import onnxruntime_pybind11_state as errors

    known = (
        errors.Fail,
        errors.InvalidArgument,
        errors.InvalidGraph,
        errors.InvalidProtobuf,
        errors.NoSuchFile,
        errors.NotImplemented,
        errors.RuntimeException,
        ValueError,
    )
    try:
        yield
    except known as err:
        raise Refused(500, f"{what}: {str(err).strip()[:300]}") from err
