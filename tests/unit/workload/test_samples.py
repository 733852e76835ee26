import numpy as np
import pytest

from telcoai.errors import InputError
from telcoai.model.tensor_input import TensorInput
from telcoai.model.workload import Variant
from telcoai.workload.samples import Samples, read_samples, write_samples


def some(count=3):
    frames = np.random.default_rng(1).integers(0, 256, (count, 4, 4, 3), np.uint8)
    return Samples(frames, np.arange(count))


def test_samples_come_back_as_they_were_written(tmp_path):
    write_samples(tmp_path / "s.npz", some())
    read = read_samples(tmp_path / "s.npz")
    assert (read.frames == some().frames).all()
    assert list(read.labels) == [0, 1, 2]


def test_a_file_without_samples_is_refused_with_a_hint(tmp_path):
    np.savez(tmp_path / "s.npz", other=np.zeros(1))
    with pytest.raises(InputError, match=r"s\.npz") as caught:
        read_samples(tmp_path / "s.npz")
    assert "frames and labels" in caught.value.hint


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError):
        read_samples(tmp_path / "none.npz")


def test_digests_tell_frames_apart():
    assert len(set(some(3).digests())) == 3


def test_scaled_frames_have_the_camera_size():
    assert [frame.shape for frame in some(2).scaled(8)] == [(8, 8, 3), (8, 8, 3)]


def test_tensors_come_back_and_are_taken_as_they_are(tmp_path):
    inputs = np.random.default_rng(1).standard_normal((3, 5, 2)).astype(np.float32)
    write_samples(tmp_path / "s.npz", Samples(inputs, np.arange(3), "inputs"))
    read = read_samples(tmp_path / "s.npz")
    variant = Variant("v", "fp32", 0, 40, (), (), TensorInput("FP32", (5, 2)))
    assert (np.stack(list(read.inputs(variant))) == inputs).all()
    assert (read.pick([2, 0]).frames == inputs[[2, 0]]).all()


@pytest.mark.parametrize("tensor", [None, TensorInput("FP32", (2, 5)), TensorInput("INT8", (5, 2))])
def test_tensors_that_a_variant_doesnt_take_are_refused(tensor):
    samples = Samples(np.zeros((3, 5, 2), np.float32), np.arange(3), "inputs")
    with pytest.raises(InputError, match="v takes"):
        samples.inputs(Variant("v", "fp32", 0, 40, (), (), tensor))
