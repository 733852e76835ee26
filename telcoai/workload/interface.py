"""What a workload is to the rest: an object or a function without arguments named in ``telcoai.workloads``."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from telcoai.model.workload import WorkloadInfo
from telcoai.workload.samples import Samples


class Workload(Protocol):
    """A family of variants with the samples that score it."""

    @property
    def info(self) -> WorkloadInfo:
        """Variants, their stages and exits, with costs and accuracies."""
        ...

    def samples(self) -> Samples:
        """The scored samples; the number of a request's sample is an index into them."""
        ...

    def score(self, predictions: NDArray[np.integer], numbers: NDArray[np.integer]) -> NDArray[np.float64]:
        """How right each prediction is, from 0 to 1, for the samples of these numbers."""
        ...
