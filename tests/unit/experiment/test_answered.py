"""Tables of the samples that are asked, against following each sample by itself."""

from __future__ import annotations

import numpy as np
import pytest

from telcoai.experiment.answered import answered
from telcoai.plugins import load_workload
from telcoai.strategy.exits import forecast, options
from telcoai.workload.replay import read_table
from telcoai.workload.samples import read_samples

SAMPLES = np.array([0, 3, 5, 8, 13, 13, 21, 34, 55, 89, 144], np.int32)


@pytest.mark.parametrize("family", ["efficientnet-lite", "speaker-vowels"])
def test_shares_and_accuracy_are_those_of_each_sample_followed_by_itself(family: str) -> None:
    info = load_workload(family).info
    samples = SAMPLES % info.samples
    labels = read_samples(info.samples_path).labels
    variant = answered(info, samples).variants[0]
    table = read_table(info.replay_path, variant.name, "fp16")
    for option in options(variant)[::7]:
        left, right = [0] * len(variant.stages), 0
        for sample in samples:
            sure = table.confidence[sample]
            ends = next((k for k, least in enumerate(option.thresholds) if sure[k] >= least), len(variant.stages) - 1)
            left[ends] += 1
            right += int(table.prediction[sample, ends] == labels[sample])
        known = forecast(variant, option.thresholds)
        assert known.leave == pytest.approx([count / len(samples) for count in left])
        assert known.accuracy == pytest.approx(right / len(samples))
