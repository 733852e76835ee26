"""Start-up of the command line: ``telcoai --help`` and ``telcoai validate``. Run: python -m tests.bench.bench_cli."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
REPETITIONS = 9
CASES = (
    ("telcoai --help", ["--help"], 0.3),
    ("telcoai validate scenarios/quickstart.yaml", ["validate", str(ROOT / "scenarios/quickstart.yaml")], 0.6),
    ("telcoai validate scenarios/city.yaml", ["validate", str(ROOT / "scenarios/city.yaml")], 0.6),
)


def main() -> None:
    """Print the median of each beside its target."""
    program = Path(sys.executable).with_name("telcoai")
    for title, words, target_s in CASES:
        times = [_timed([str(program), *words]) for _ in range(REPETITIONS)]
        print(f"{title}: median {statistics.median(times):.2f} s, best {min(times):.2f} s (target {target_s} s)")


def _timed(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
