from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.model.timing import batch_seconds, decode_seconds, once_seconds, stage_seconds
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


def test_a_batch_of_one_takes_the_time_of_its_stage():
    assert batch_seconds(0.004, 0.003, 1) == 0.004


@given(st.floats(0, 1), st.floats(0, 0.99), st.integers(1, 63))
def test_a_batch_takes_longer_than_a_smaller_one_and_less_than_two(stage_s: float, shared: float, size: int) -> None:
    once_s = shared * stage_s
    here, more, one = (batch_seconds(stage_s, once_s, n) for n in (size, size + 1, 1))
    assert here <= more <= here + one + 1e-12


def test_overhead_alone_is_shared_where_the_profile_knows_no_more():
    assert once_seconds(PROFILE, VARIANT, 0, "trial") == PROFILE.overhead_s.value


def test_a_batch_shares_the_known_part_of_what_is_beyond_the_overhead():
    profile = dataclasses.replace(PROFILE, batch_shared=band(0.5))
    whole, overhead = stage_seconds(profile, VARIANT, 0, "trial"), profile.overhead_s.value
    assert once_seconds(profile, VARIANT, 0, "trial") == pytest.approx(overhead + (whole - overhead) / 2)


def test_a_measured_time_below_the_overhead_is_all_shared():
    profile = dataclasses.replace(PROFILE, stage_s={VARIANT.name: (1e-6,) * 3})
    assert once_seconds(profile, VARIANT, 1, "trial") == 1e-6
