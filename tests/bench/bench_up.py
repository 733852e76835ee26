"""Time to bring virtual hosts up, links measured: ``python -m tests.bench.bench_up``."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from telcoai.emulation.layout import Layout, NodeLayout, address_of
from telcoai.emulation.sandbox import Sandbox
from telcoai.model.topology import Link, LinkState

REPEATS = 5
TARGETS_S = {6: 3.0, 101: 15.0, 441: None}
DEVICES_PER_EDGE = 10


def city(count: int) -> Layout:
    """``count`` nodes: one cloud, edges for ten devices each, devices."""
    edges = max(1, (count - 1) // (DEVICES_PER_EDGE + 1))
    names = [*(f"device-{i}" for i in range(count - 1 - edges)), *(f"edge-{i}" for i in range(edges)), "cloud"]
    radio, fibre = LinkState(8.0, 2.0, 50e6, 0.001), LinkState(15.0, rate_bps=1e9)
    links = [Link(f"device-{i}", f"edge-{i % edges}", radio, radio) for i in range(count - 1 - edges)]
    links += [Link(f"edge-{i}", "cloud", fibre, fibre) for i in range(edges)]
    nodes = tuple(NodeLayout(name, address_of(i), 1 << 30) for i, name in enumerate(names))
    return Layout(f"bench-{os.getpid()}", nodes, tuple(links))


def once(layout: Layout, state_dir: Path) -> tuple[float, float, float, int]:
    start = time.monotonic()
    box = Sandbox.draft(layout, state_dir)
    made = time.monotonic()
    try:
        problems = sum(bool(m.problems) for m in box.measure())
        measured = time.monotonic()
    finally:
        closing = time.monotonic()
        box.close()
    return made - start, measured - made, time.monotonic() - closing, problems


def main() -> None:
    for count, target in TARGETS_S.items():
        layout = city(count)
        with tempfile.TemporaryDirectory() as folder:
            rows = [once(layout, Path(folder) / "state") for _ in range(REPEATS)]
        make, measure, close = (statistics.median(r[i] for r in rows) for i in range(3))
        verdict = (
            "no target" if target is None else f"target {target:g} s {'ok' if make + measure <= target else 'MISSED'}"
        )
        sys.stdout.write(
            f"up of {count} nodes: {make + measure:.2f} s (made {make:.2f}, links measured {measure:.2f}), "
            f"down {close:.2f} s, links out of tolerance {[r[3] for r in rows]}   {verdict}\n"
        )


if __name__ == "__main__":
    main()
