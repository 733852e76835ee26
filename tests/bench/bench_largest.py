"""The largest emulated testbed whose run is valid here. Run: python -m tests.bench.bench_largest [--devices N …].

Devices behind edges of 50 each behind one cloud, five requests a second and device, all replayed, device-only.
Target: 400 devices, 2,000 requests/s.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

FILE = """
apiVersion: telcoai/v1alpha1
kind: Testbed
metadata: {{name: largest}}
spec:
  nodes:
{nodes}
    - {{name: cloud, tier: cloud, profile: cloud-server}}
  links:
{links}
---
apiVersion: telcoai/v1alpha1
kind: Scenario
metadata: {{name: largest}}
spec:
  testbed: largest
  services:
    - name: vision
      workload: efficientnet-lite
      demand: {{arrival: poisson, rate: 5/s}}
      requirements: {{latency: {{p95: 260ms}}}}
  strategies: [{strategy}]
  compute: replay
  warmup: 5s
  duration: 20s
  seed: 7
"""
PER_EDGE = 50


def write(path: Path, devices: int, strategy: str) -> None:
    """A scenario of so many devices."""
    groups = range(1, -(-devices // PER_EDGE) + 1)
    nodes, links = [], []
    for group in groups:
        count = min(PER_EDGE, devices - (group - 1) * PER_EDGE)
        nodes.append(f"    - {{name: cell{group}, tier: device, profile: raspberry-pi-4, count: {count}}}")
        nodes.append(f"    - {{name: edge{group}, tier: edge, profile: edge-server}}")
        links.append(f"    - {{between: [cell{group}, edge{group}], delay: 8ms, rate: 50mbit, radio: 5g-nsa}}")
        links.append(f"    - {{between: [edge{group}, cloud], delay: 15ms, rate: 1gbit}}")
    path.write_text(FILE.format(nodes="\n".join(nodes), links="\n".join(links), strategy=strategy))


def main() -> None:
    """Try each size and print whether its run is valid."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, nargs="*", default=[50, 100, 200, 400])
    parser.add_argument("--strategy", default="device-only")
    options = parser.parse_args()
    for devices in options.devices:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write(folder / "largest.yaml", devices, options.strategy)
            done = subprocess.run(
                [sys.executable, "-m", "telcoai.cli", "bench", f"{folder}/largest.yaml", "--out", f"{folder}/out",
                 "-o", "json"],
                env={**os.environ, "TELCOAI_STATE": str(folder / "state")},
                stdout=subprocess.PIPE,
                check=False,
            )  # fmt: skip
            print(f"{devices} devices, {5 * devices}/s: {_verdict(done)} (target 400 devices, 2,000/s)")


def _verdict(done: subprocess.CompletedProcess[bytes]) -> str:
    if done.returncode not in (0, 4):
        return f"failed with {done.returncode}"
    run = json.loads(done.stdout)["runs"][0]
    figures = f"{run['requests']} requests, {run['errors']} errors, p50 {run['latency_ms']['p50']:.1f} ms"
    return f"{'valid' if run['valid'] else 'invalid: ' + '; '.join(run['why_invalid'])}; {figures}"


if __name__ == "__main__":
    main()
