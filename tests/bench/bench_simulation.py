"""A scenario on paper against the same scenario measured: python -m tests.bench.bench_simulation [SCENARIO [MEASURED]].

SCENARIO is quickstart unless said. MEASURED is a folder of its runs; without one they are made now.
Target: p95 and energy a request within 15 % for each strategy.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from telcoai.report.experiment import load
from telcoai.report.standings import stand


def telcoai(*words: str) -> None:
    """Run the command line; its progress isn't shown."""
    subprocess.run([sys.executable, "-m", "telcoai.cli", *words], check=True, stdout=subprocess.DEVNULL)


def figures(folder: Path) -> dict[str, tuple[float, float]]:
    """p95 in ms and joules a request of each strategy."""
    return {
        one.strategy: (
            one.spread(lambda s: s.latency_ms.p95).median,
            one.spread(lambda s: s.energy_j_per_request).median,
        )
        for one in stand(load(folder)).comparable
    }


def main() -> None:
    """Make both, and print each strategy's figures and how far they are apart."""
    scenario, *rest = sys.argv[1:] or ["quickstart"]
    with tempfile.TemporaryDirectory() as name:
        paper, real = Path(name) / "paper", Path(rest[0]) if rest else Path(name) / "real"
        if not rest:
            telcoai("bench", scenario, "--out", str(real))
        started = time.perf_counter()
        telcoai("simulate", scenario, "--out", str(paper))
        print(f"{scenario} on paper: {time.perf_counter() - started:.1f} s, report included")
        measured = figures(real)
        for strategy, simulated in figures(paper).items():
            for what, unit, value, reference in zip(
                ("p95", "energy"), ("ms", "J"), simulated, measured.get(strategy, ()), strict=False
            ):
                off = value / reference - 1
                print(
                    f"{strategy:20} {what:7} {value:9.3f} {unit:2} measured {reference:9.3f}  {off:+7.1%}  target 15 %"
                )


if __name__ == "__main__":
    main()
