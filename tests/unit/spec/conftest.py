from pathlib import Path

import pytest

TESTBED = """\
apiVersion: telcoai/v1alpha1
kind: Testbed
metadata: {name: small}
spec:
  nodes:
    - {name: camera, tier: device, profile: raspberry-pi-4, count: 4}
    - {name: edge, tier: edge, profile: jetson-orin-nano}
    - {name: cloud, tier: cloud, profile: cloud-server}
  links:
    - {between: [camera, edge], delay: 8ms, jitter: 2ms, rate: 50mbit, loss: 0.1%, radio: 5g-nsa}
    - {between: [edge, cloud], delay: 15ms, rate: 1gbit}
"""
SCENARIO = """\
apiVersion: telcoai/v1alpha1
kind: Scenario
metadata: {name: small}
spec:
  testbed: small
  services:
    - name: vision
      workload: efficientnet-lite
      demand: {arrival: poisson, rate: 5/s}
      requirements: {latency: {p95: 150ms}, accuracy: {min: 0.80}, energy: {per_request: 1.5J}}
  timeline:
    - {at: 10s, link: [camera, edge], delay: 60ms}
    - {at: 20s, service: vision, requirements: {latency: {p99: 80ms}}}
  strategies: [device-only, latency-greedy]
  warmup: 3s
  duration: 20s
  repetitions: 1
  seed: 7
"""


class Folder:
    """A person's folder of files."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, text: str | bytes) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def testbed(self, old: str = "", new: str = "") -> Path:
        assert old in TESTBED
        return self.write("small.yaml", TESTBED.replace(old, new, 1) if old else TESTBED)

    def scenario(self, old: str = "", new: str = "") -> Path:
        """One file with both documents."""
        assert old in SCENARIO
        text = SCENARIO.replace(old, new, 1) if old else SCENARIO
        return self.write("both.yaml", f"{TESTBED}---\n{text}")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "project" / "files").mkdir(parents=True)
    return Folder(tmp_path / "project" / "files")
