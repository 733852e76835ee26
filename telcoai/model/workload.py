"""What is known of a workload: a family of variants, each cut in stages with an exit after each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from telcoai.model.tensor_input import TensorInput


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a variant; costs are computed from its graph for one sample.

    ``flops``: 2 per multiply-add. ``activation_shape``: its output that the next stage takes, without the batch
    dimension; () for the last stage. ``path``: the ONNX file.
    """

    index: int
    path: Path
    flops: int
    param_bytes: int
    activation_shape: tuple[int, ...]

    @property
    def activation_values(self) -> int:
        """Number of values of the activation, 0 for the last stage."""
        total = 1 if self.activation_shape else 0
        for size in self.activation_shape:
            total *= size
        return total


@dataclass(frozen=True, slots=True)
class ExitPoint:
    """The exit after a stage: its accuracy if every sample left there, and what thresholds do.

    Both are from the calibration slice, never from the samples that are scored.

    ``table`` maps a confidence threshold to (share of the samples *reaching this exit* whose confidence is at or
    above it, accuracy of those), from the calibration slice with earlier exits ignored.
    ``exists`` is False where no answer can be had after a stage, only its activation: accuracy 0, an empty table, and
    no threshold but one that is never reached.
    """

    accuracy: float
    table: Mapping[float, tuple[float, float]]
    exists: bool = True


NO_EXIT = ExitPoint(0.0, {}, exists=False)
"""What stands after a stage without an exit."""

UNSURE = -1.0
"""The confidence of a stage without an exit: below every threshold."""


Outcome = tuple[tuple[float, ...], float]
"""Share of all samples that leaves at each exit, and the share answered right."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One member of a family, such as ``lite0-128-int8``.

    ``input_size``: pixels of the square frame's side, 0 where it takes a ``tensor`` instead. ``input_bytes``: of one
    sample, raw.
    ``outcomes``: by thresholds, what all exits together do to certain samples, for who has looked; empty otherwise.
    """

    name: str
    precision: str
    input_size: int
    input_bytes: int
    stages: tuple[Stage, ...]
    exits: tuple[ExitPoint, ...]
    tensor: TensorInput | None = None
    outcomes: Mapping[tuple[float, ...], Outcome] = field(default_factory=dict)

    @property
    def flops(self) -> int:
        """FLOPs of all stages for one sample."""
        return sum(stage.flops for stage in self.stages)

    @property
    def accuracy(self) -> float:
        """Accuracy of the last exit."""
        return self.exits[-1].accuracy


@dataclass(frozen=True)
class WorkloadInfo:
    """A family as strategies, runtimes and drivers know it.

    ``samples_path``: npz with ``frames`` (uint8, n × h × w × 3), or ``inputs`` (n × the tensor's shape, of its
    datatype), and ``labels`` (int64, n): the scored slice.
    ``replay_path``: npz, see ``telcoai.model.replay``. ``classes``: number of labels.
    ``samples``: how many are scored; ``calibrated``: how many others the exits' figures are of, 0 when not known.
    """

    name: str
    family: str
    variants: tuple[Variant, ...]
    samples_path: Path
    replay_path: Path
    classes: int
    samples: int
    calibrated: int = 0

    def variant(self, name: str) -> Variant:
        """The variant of that name; KeyError when there is none."""
        for variant in self.variants:
            if variant.name == name:
                return variant
        raise KeyError(name)
