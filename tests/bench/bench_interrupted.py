"""`up` of a kind cluster killed (SIGKILL) at random instants, then taken down by force: what is left each time.

python -m tests.bench.bench_interrupted [ROUNDS]
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.cluster.lab import ROOT, Lab

SEED = 7
LONGEST_S = 45.0


def main(rounds: int) -> None:
    """Print a line a round, and how many left something."""
    draw, bad = random.Random(SEED), 0
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        lab = Lab(Path(name), "kind")
        for number in range(1, rounds + 1):
            after_s = draw.uniform(0.5, LONGEST_S)
            words = [sys.executable, "-m", "telcoai.cli", "up", str(ROOT / "testbeds/kind.yaml")]
            environment = {**os.environ, "TELCOAI_STATE": str(lab.state)}
            process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(after_s)
            process.send_signal(signal.SIGKILL)
            process.wait()
            started = time.monotonic()
            down = lab.telcoai("down", "kind", "--force")
            left = lab.left()
            bad += bool(left) or down.returncode != 0
            seen = f"left {left}" if left else "left nothing"
            took_s = time.monotonic() - started
            print(f"{number:2}: killed after {after_s:4.1f} s, down {down.returncode} in {took_s:.1f} s, {seen}")
    print(f"rounds that left something or whose down failed: {bad} of {rounds}   target 0")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
