"""The samples that a user gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.errors import InputError
from telcoai.workload.importing.material import LEAST, Material, read_material, split

FRAMES = np.zeros((20, 4, 4, 3), np.uint8)
LABELS = np.arange(20)


@given(st.integers(2 * LEAST, 200), st.floats(0.0, 1.0), st.integers(0, 9))
def test_no_sample_is_in_both_slices_and_none_is_lost(count, share, seed):
    numbers = np.arange(count)
    material = Material("inputs", numbers[:, None], numbers)
    if min(round(count * share), count - round(count * share)) < LEAST:
        with pytest.raises(InputError, match="each slice needs"):
            split(material, share, seed)
        return
    slices = split(material, share, seed)
    assert sorted(np.concatenate([one.labels for one in slices])) == list(numbers)
    assert all((one.values[:, 0] == one.labels).all() for one in slices)


def test_the_same_seed_draws_the_same_slices():
    material = Material("frames", FRAMES, LABELS)
    drawn = [split(material, 0.5, seed)[0].labels.tolist() for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"frames": FRAMES}, "has no labels"),
        ({"labels": LABELS}, "neither frames and inputs"),
        ({"frames": FRAMES, "inputs": FRAMES, "labels": LABELS}, "both frames and inputs"),
        ({"frames": FRAMES.astype(np.float32), "labels": LABELS}, "not uint8"),
        ({"frames": FRAMES[..., 0], "labels": LABELS}, "not uint8"),
        ({"inputs": LABELS, "labels": LABELS}, "not numbers"),
        ({"inputs": np.full((20, 2), "a"), "labels": LABELS}, "not numbers"),
        ({"frames": FRAMES, "labels": LABELS[:5]}, "not one integer for each of 20"),
        ({"frames": FRAMES, "labels": LABELS / 2}, "not one integer"),
        ({"frames": FRAMES, "labels": LABELS - 3}, "labels go from -3"),
    ],
)
def test_samples_that_are_none_are_refused(tmp_path, arrays, reason):
    np.savez(tmp_path / "samples.npz", **arrays)
    with pytest.raises(InputError, match=reason):
        read_material(tmp_path / "samples.npz")


def test_a_file_that_is_no_npz_is_refused(tmp_path):
    (tmp_path / "samples.npz").write_text("label,pixel\n")
    with pytest.raises(InputError, match="not a file of samples"):
        read_material(tmp_path / "samples.npz")
    with pytest.raises(InputError, match="there is no file"):
        read_material(tmp_path / "missing.npz")
    np.save(tmp_path / "array.npy", FRAMES)
    with pytest.raises(InputError):
        read_material(tmp_path / "array.npy")
