"""Figures of one emulated link against their targets: ``python -m tests.bench.bench_link`` (needs ping and iperf3)."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scipy.stats import binom

from telcoai.emulation.layout import Layout, NodeLayout, address_of
from telcoai.emulation.sandbox import Sandbox
from telcoai.model.topology import Link, LinkState

PINGS = 60
RUN_S = 3
REPEATS = 3
LOSS = 0.01


def two_nodes() -> Layout:
    free = LinkState(0.0, rate_bps=1e9)
    nodes = (NodeLayout("a", address_of(0)), NodeLayout("b", address_of(1)))
    return Layout(f"bench-{os.getpid()}", nodes, (Link("a", "b", free, free),), seed=1)


def output_of(box: Sandbox, node: str, argv: list[str]) -> str:
    with tempfile.TemporaryFile() as out:
        box.exec(node, argv, stdio=(0, out.fileno(), 2))
        out.seek(0)
        return out.read().decode()


def set_both(box: Sandbox, state: LinkState) -> None:
    for direction in ("up", "down"):
        box.set_link("a--b", direction, state)


def median_rtt_ms(box: Sandbox) -> float:
    text = output_of(box, "a", ["ping", "-c", str(PINGS), "-i", "0.03", "b"])
    return statistics.median(float(line.split("time=")[1].split()[0]) for line in text.splitlines() if "time=" in line)


def udp(box: Sandbox, *options: str) -> None:
    server = box.start("b", ["iperf3", "-s", "-1"])
    time.sleep(0.3)
    output_of(box, "a", ["iperf3", "-c", "b", "-u", "-t", str(RUN_S), *options])
    box.wait(server, 10)


def delivered(box: Sandbox) -> tuple[int, int]:
    up = next(c for c in box.counters().directions if c.direction == "up")
    return up.packets, up.dropped_loss


def row(what: str, figure: str, target: str, *, good: bool) -> None:
    sys.stdout.write(f"{what:42} {figure:>26}   target {target:22} {'ok' if good else 'MISSED'}\n")
    sys.stdout.flush()


def delay(box: Sandbox) -> None:
    for rtt in (0.0, 20.0):
        set_both(box, LinkState(rtt / 2))
        median_rtt_ms(box)
        errors = [median_rtt_ms(box) - rtt for _ in range(REPEATS)]
        error = statistics.median(errors)
        row(f"added delay at RTT {rtt:g} ms (ping, median)", f"{error:+.3f} ms", "<= 0.3 ms", good=abs(error) <= 0.3)


def received_bytes(box: Sandbox) -> tuple[float, int]:
    """When, and how many IP bytes b's kernel has taken from its interface until then."""
    text = output_of(box, "b", ["cat", "/proc/net/dev"])
    line = next(line for line in text.splitlines() if "telcoai0" in line)
    return time.monotonic(), int(line.split(":")[1].split()[0])


def rate(box: Sandbox) -> None:
    for mbit in (50, 500):
        set_both(box, LinkState(1.0, rate_bps=mbit * 1e6))
        errors = []
        for _ in range(REPEATS):
            server = box.start("b", ["iperf3", "-s", "-1"])
            time.sleep(0.3)
            flood = ["iperf3", "-c", "b", "-u", "-b", f"{mbit * 1.1:.0f}M", "-l", "1448", "-t", str(RUN_S)]
            client = box.start("a", flood)
            time.sleep(0.7)
            start, first = received_bytes(box)
            time.sleep(RUN_S - 1.2)
            end, last = received_bytes(box)
            errors.append((last - first) * 8 / (end - start) / (mbit * 1e6) - 1)
            box.wait(client, 20)
            box.signal(server, 9)
        error = statistics.median(errors)
        row(f"rate error at {mbit} Mbit/s (UDP flood)", f"{error:+.2%}", "<= 3 %", good=abs(error) <= 0.03)


def packets(box: Sandbox) -> None:
    set_both(box, LinkState(0.0, rate_bps=1e10))
    rates = []
    for _ in range(REPEATS):
        server = box.start("b", ["iperf3", "-s", "-1"])
        time.sleep(0.3)
        client = box.start("a", ["iperf3", "-c", "b", "-u", "-b", "0", "-l", "64", "-t", str(RUN_S)])
        time.sleep(0.7)
        start, first = time.monotonic(), delivered(box)[0]
        time.sleep(RUN_S - 1.2)
        rates.append((delivered(box)[0] - first) / (time.monotonic() - start))
        box.wait(client, 20)
        box.signal(server, 9)
    figure = statistics.median(rates)
    row("packets through one hop", f"{figure:,.0f}/s", ">= 60,000/s", good=figure >= 60_000)


def loss(box: Sandbox) -> None:
    set_both(box, LinkState(0.0, rate_bps=1e9, loss=LOSS))
    before = delivered(box)
    udp(box, "-b", "100M", "-l", "1000")
    after = delivered(box)
    lost, sent = after[1] - before[1], sum(after) - sum(before)
    low, high = binom.interval(0.99, sent, LOSS)
    row(
        f"loss at {LOSS:.0%}, {sent} packets",
        f"{lost / sent:.3%}",
        f"{low / sent:.3%} .. {high / sent:.3%}",
        good=bool(low <= lost <= high),
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Sandbox.draft(two_nodes(), Path(folder) / "state") as box:
        sys.stdout.write(
            f"{subprocess.run(['nproc'], capture_output=True, text=True, check=True).stdout.strip()} cores\n"
        )
        for part in (delay, rate, packets, loss):
            part(box)


if __name__ == "__main__":
    main()
