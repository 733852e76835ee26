"""A model of one's own, from its file to a simulated scenario, through the command line."""

from __future__ import annotations

import json

import pytest

from tests.e2e.experiment.small_world import telcoai
from tests.unit.workload.importing import tiny_models as tiny

pytestmark = pytest.mark.e2e

SCENARIO = """
apiVersion: telcoai/v1alpha1
kind: Scenario
metadata: {{name: mine}}
spec:
  testbed: quickstart
  services:
    - name: vision
      workload: ./{name}/workload.py:open_workload
      demand: {{arrival: poisson, rate: 5/s}}
      requirements: {{latency: {{p95: 500ms}}, accuracy: {{min: 0.9}}}}
  strategies: [edge-only, neurosurgeon]
  warmup: 1s
  duration: 5s
  repetitions: 1
  seed: 7
"""
TOKENS = [word for name in ("tokens", "mask") for word in ("--shape", f"{name}=1,{tiny.LENGTH}")]
WORDS = ["embedder.onnx", "--samples", "sentences.npz", *TOKENS, "--fix", "mask=1", "--pool", "mean"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("models")
    tiny.classifier(made / "net.onnx", softmax=True)
    tiny.frames(made / "frames.npz")
    tiny.embedder(made / "embedder.onnx")
    tiny.sentences(made / "sentences.npz")
    return made


@pytest.mark.parametrize(
    ("name", "words", "variants"),
    [
        ("net", ["net.onnx", "--samples", "frames.npz", "--shape", "image=1,3,8,8", "--quantise"], 2),
        ("words", [*WORDS, "--head", "centroids", "--cut", "hidden", "--name", "words"], 1),
    ],
)
def test_an_imported_model_is_validated_and_simulated(folder, name, words, variants):
    imported = telcoai(folder, "model", "import", *words, "-o", "json")
    assert imported.returncode == 0, imported.stderr
    told = json.loads(imported.stdout)
    assert told["reference"] == f"./{name}/workload.py:open_workload"
    assert [one["accuracy"] for one in told["variants"]] == [1.0] * variants
    (folder / f"{name}.yaml").write_text(SCENARIO.format(name=name))
    checked = telcoai(folder, "validate", f"{name}.yaml", f"{name}/workload.yaml")
    assert checked.returncode == 0, checked.stderr
    done = telcoai(folder, "simulate", f"{name}.yaml", "--out", f"{name}-runs", "-o", "json")
    assert done.returncode == 0, done.stderr
    runs = json.loads(done.stdout)["runs"]
    assert [run["valid"] for run in runs] == [True, True]


def test_a_model_that_is_none_is_told_without_a_trace(folder):
    (folder / "broken.onnx").write_bytes(b"no model")
    done = telcoai(folder, "model", "import", "broken.onnx", "--samples", "frames.npz")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("error: broken.onnx is not a sound ONNX model")
