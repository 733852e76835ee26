"""A workload that lies in a folder: a ``workload.yaml`` beside its models and samples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from telcoai.model.workload import WorkloadInfo
from telcoai.spec import load_workload
from telcoai.workload.samples import Samples, read_samples


@dataclass(frozen=True)
class StoredWorkload:
    """A classification workload; a prediction is right when it equals the sample's label."""

    path: Path

    @cached_property
    def info(self) -> WorkloadInfo:
        """What ``workload.yaml`` says; SpecError when it is wrong."""
        return load_workload(self.path)

    def samples(self) -> Samples:
        """The scored samples; InputError when their file isn't usable."""
        return read_samples(self.info.samples_path)

    def score(self, predictions: NDArray[np.integer], numbers: NDArray[np.integer]) -> NDArray[np.float64]:
        """1.0 where the prediction equals the label of the sample of that number, else 0.0."""
        right = predictions == self.samples().labels[numbers]
        return np.asarray(right, np.float64)
