from __future__ import annotations

import dataclasses

import pytest

from telcoai.model.timing import decode_seconds, stage_seconds
from tests.places import band, small_topology, small_workload

PROFILE = small_topology().profiles["board"]
VARIANT = small_workload().variants[0]


def test_a_frame_is_decoded_in_its_pixels_over_the_rate():
    profile = dataclasses.replace(PROFILE, jpeg_decode_mpx_s=band(16.384))
    assert decode_seconds(profile, VARIANT) == pytest.approx(1e-3)  # 128 × 128 pixels


def test_a_profile_without_the_figure_is_named():
    with pytest.raises(KeyError, match="board has no jpeg_decode"):
        decode_seconds(PROFILE, VARIANT)


def test_a_measured_stage_beats_the_speed_and_other_stages_than_measured_are_refused():
    profile = dataclasses.replace(PROFILE, stage_s={VARIANT.name: (0.1, 0.2, 0.3)})
    assert [stage_seconds(profile, VARIANT, stage, "tiny") for stage in range(3)] == [0.1, 0.2, 0.3]
    other = dataclasses.replace(PROFILE, stage_s={VARIANT.name: (0.1, 0.2)})
    with pytest.raises(KeyError, match="2 stage times for small-fp32, of 3 stages"):
        stage_seconds(other, VARIANT, 0, "tiny")
