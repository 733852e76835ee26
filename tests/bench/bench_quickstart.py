"""``make quickstart`` from a fresh clone, installation included. Run: python -m tests.bench.bench_quickstart.

Target: under 300 s.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Clone, run, and print the wall time."""
    with tempfile.TemporaryDirectory() as name:
        clone = Path(name) / "telcoai"
        started = time.perf_counter()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        done = subprocess.run(["make", "quickstart"], cwd=clone, check=False)
        wall_s = time.perf_counter() - started
        print(f"make quickstart from a fresh clone: {wall_s:.0f} s, exit code {done.returncode} (target < 300 s)")


if __name__ == "__main__":
    main()
