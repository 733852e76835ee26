import pytest

from telcoai.errors import SpecError
from telcoai.spec import load_workload

WORKLOAD = """\
apiVersion: telcoai/v1alpha1
kind: Workload
metadata: {name: tiny}
spec:
  family: tiny
  classes: 10
  samples: {file: samples.npz, count: 20}
  replay: replay.npz
  variants:
    - name: tiny-32-fp32
      precision: fp32
      input_size: 32
      stages:
        - {file: a.onnx, flops: 1000, param_bytes: 40, activation_shape: [4, 8, 8]}
        - {file: b.onnx, flops: 3000, param_bytes: 80, activation_shape: []}
      exits:
        - {accuracy: 0.7, accuracy_shipped: 0.71, accuracy_calibration: 0.6, table: [[0.5, 0.8, 0.75], [0.8, 0.4, 0.9]]}
        - {accuracy: 0.9, accuracy_shipped: 0.89, accuracy_calibration: 0.88, table: []}
"""


def files(folder, old="", new=""):
    for name in ("samples.npz", "replay.npz", "a.onnx", "b.onnx"):
        folder.write(name, b"")
    return folder.write("workload.yaml", WORKLOAD.replace(old, new, 1) if old else WORKLOAD)


def test_a_workload_is_resolved_beside_its_file(folder):
    info = load_workload(files(folder))
    variant = info.variant("tiny-32-fp32")
    assert (info.classes, info.samples, info.samples_path) == (10, 20, folder.path / "samples.npz")
    assert variant.input_bytes == 3 * 32 * 32
    assert variant.flops == 4000
    assert variant.stages[0].activation_values == 256
    assert variant.exits[0].table == {0.5: (0.8, 0.75), 0.8: (0.4, 0.9)}
    assert variant.accuracy == 0.88


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("a.onnx", "c.onnx", "there is no file 'c.onnx'"),
        ("a.onnx", "../../x.onnx", "leaves the project"),
        ("[4, 8, 8]", "[]", "every stage but the last"),
        ("precision: fp32", "precision: fp16", "allowed: fp32, int8"),
        ("flops: 1000", "flops: -1", "at least 0"),
        ("[0.5, 0.8, 0.75]", "[0.5, 8, 0.75]", "a table row is"),
        (
            "        - {accuracy: 0.9, accuracy_shipped: 0.89, accuracy_calibration: 0.88, table: []}\n",
            "",
            "one exit a stage",
        ),
        (
            "        - {accuracy: 0.9, accuracy_shipped: 0.89, accuracy_calibration: 0.88, table: []}\n",
            "        - none\n",
            "an exit after the last stage",
        ),
        ("- {accuracy: 0.7, accuracy_shipped: 0.71,", "- {accuracy: 7, accuracy_shipped: 0.71,", "17:22"),
    ],
)
def test_what_is_wrong_is_said(folder, old, new, said):
    with pytest.raises(SpecError) as caught:
        load_workload(files(folder, old, new))
    assert any(said in line for line in caught.value.problems), caught.value.problems


def test_a_stage_may_have_no_exit(folder):
    first = (
        "{accuracy: 0.7, accuracy_shipped: 0.71, accuracy_calibration: 0.6, table: [[0.5, 0.8, 0.75], [0.8, 0.4, 0.9]]}"
    )
    exits = load_workload(files(folder, first, "none")).variant("tiny-32-fp32").exits
    assert [point.exists for point in exits] == [False, True]
    assert exits[0].table == {}


def test_a_variant_may_take_a_tensor(folder):
    told = "input: {datatype: FP32, shape: [29, 12]}"
    variant = load_workload(files(folder, "input_size: 32", told)).variant("tiny-32-fp32")
    assert (variant.input_size, variant.input_bytes) == (0, 4 * 29 * 12)
    assert str(variant.tensor) == "FP32 [29, 12]"


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("input: {datatype: FP64, shape: [29]}", "FP32"),
        ("input: {datatype: FP32, shape: []}", "at least 1"),
        ("input: {datatype: FP32, shape: [65536, 65536]}", "larger than"),
        ("input_size: 32\n      input: {datatype: FP32, shape: [2]}", "either input_size"),
    ],
)
def test_an_input_that_makes_no_sense_is_refused(folder, new, said):
    with pytest.raises(SpecError) as caught:
        load_workload(files(folder, "input_size: 32", new))
    assert any(said in line for line in caught.value.problems), caught.value.problems
