"""Time to bring virtual hosts up, links measured, runtimes ready: ``python -m tests.bench.bench_up``."""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from telcoai.adapters.unix_http import request_json
from telcoai.emulation.layout import Layout, NodeLayout, address_of
from telcoai.emulation.leftovers import leftovers
from telcoai.emulation.sandbox import Sandbox
from telcoai.errors import NodeError
from telcoai.model.topology import Link, LinkState
from telcoai.orchestrator.deployment import RUNTIME_LIBRARIES, RUNTIME_MODULE
from tests.e2e.serving.tiny_family import TOKEN, node_config, workload, write_family

REPEATS = 5
TARGETS_S = {6: 3.0, 101: 15.0, 441: None}
READY_NODES = (6, 101)
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


def until_ready(layout: Layout, folder: Path) -> tuple[float, float, float]:
    """Seconds until a testbed is up and measured, then until a runtime on every node is ready, and MiB of it all."""
    write_family(folder)
    (folder / "token").write_text(TOKEN)
    configs = {}
    for node in layout.nodes:
        configs[node.name] = folder / f"{node.name}.json"
        config = node_config(folder, node.name, workload(folder), listen=["0.0.0.0", 8080])
        configs[node.name].write_text(json.dumps(config))
    start = time.monotonic()
    with Sandbox.draft(layout, folder / "state") as box:
        box.measure()
        up = time.monotonic()
        for name, config in configs.items():
            box.start_module(name, RUNTIME_MODULE, [str(config)], preload=RUNTIME_LIBRARIES)
        for name in configs:
            while not is_ready(folder / f"{name}.sock"):
                time.sleep(0.01)
        return up - start, time.monotonic() - up, memory_mib(layout.name, folder / "state")


def is_ready(control: Path) -> bool:
    try:
        request_json(control, "GET", "/v2/health/ready", token=TOKEN)
    except NodeError:
        return False
    return True


def memory_mib(testbed: str, state_dir: Path) -> float:
    """Of all processes of a testbed, shared pages counted once."""
    pids = [line.split()[1] for line in leftovers(testbed, state_dir) if line.startswith("process")]
    lines = [line for pid in pids for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def main() -> None:
    bench_up()
    bench_ready()


def bench_ready() -> None:
    for count in READY_NODES:
        rows = []
        for _ in range(REPEATS):
            with tempfile.TemporaryDirectory() as folder:
                rows.append(until_ready(city(count), Path(folder)))
        up, ready, memory = (statistics.median(column) for column in zip(*rows, strict=True))
        sys.stdout.write(
            f"runtimes ready on {count} nodes: {up + ready:.2f} s from the start (up {up:.2f}, runtimes {ready:.2f}, "
            f"{1000 * ready / count:.0f} ms each), memory {memory:.0f} MiB, {memory / count:.1f} a node   no target\n"
        )


def bench_up() -> None:
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
