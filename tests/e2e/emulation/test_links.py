"""Links against programs that know nothing of telcoai, and against the kernel's own counters."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from scipy.stats import binom

from telcoai.emulation.layout import DOWN, UP
from telcoai.emulation.sandbox import DirectionCounters, Sandbox
from telcoai.errors import LinkError
from telcoai.model.topology import LinkState

from .conftest import SandboxMaker
from .layouts import chain

pytestmark = pytest.mark.sandbox

RTT_TOLERANCE_MS = 2.0
"""Wide, since tests run on busy machines; tests/bench/bench_link.py shows what is reached."""


def output_of(box: Sandbox, node: str, argv: list[str], folder: Path) -> str:
    path = folder / "output"
    with path.open("wb") as out:
        box.exec(node, argv, stdio=(0, out.fileno(), out.fileno()))
    return path.read_text()


def rtts_ms(text: str) -> list[float]:
    return [float(line.split("time=")[1].split()[0]) for line in text.splitlines() if "time=" in line]


def median_rtt_ms(box: Sandbox, ping: str, target: str, folder: Path) -> float:
    return statistics.median(rtts_ms(output_of(box, "camera-1", [ping, "-c", "25", "-i", "0.02", target], folder)))


def counters_of(box: Sandbox, link: str, direction: str = UP) -> DirectionCounters:
    return next(c for c in box.counters().directions if (c.link, c.direction) == (link, direction))


def received_bytes(box: Sandbox, node: str, folder: Path) -> int:
    text = output_of(box, node, ["cat", "/proc/net/dev"], folder)
    return int(next(x for x in text.splitlines() if "telcoai0" in x).split(":")[1].split()[0])


def rates_bps(box: Sandbox, node: str, folder: Path) -> Iterator[float]:
    """What a node receives, second by second: on a busy host a sender may starve for some of them."""
    for _ in range(6):
        start, first = time.monotonic(), received_bytes(box, node, folder)
        time.sleep(1)
        yield (received_bytes(box, node, folder) - first) * 8 / (time.monotonic() - start)


def test_round_trips_take_twice_the_delay(sandbox: SandboxMaker, tool: Callable[[str], str], tmp_path: Path) -> None:
    ping, box = tool("ping"), sandbox(chain(LinkState(10.0)))
    assert median_rtt_ms(box, ping, "edge", tmp_path) == pytest.approx(20, abs=RTT_TOLERANCE_MS)
    assert median_rtt_ms(box, ping, "camera-2", tmp_path) == pytest.approx(40, abs=RTT_TOLERANCE_MS)


def test_a_path_of_several_links_adds_their_delays(
    sandbox: SandboxMaker, tool: Callable[[str], str], tmp_path: Path
) -> None:
    ping, box = tool("ping"), sandbox(chain(LinkState(7.0), LinkState(3.0)))
    box.set_link("edge--cloud", UP, LinkState(15.0))
    assert median_rtt_ms(box, ping, "cloud", tmp_path) == pytest.approx(25, abs=RTT_TOLERANCE_MS)


def test_jitter_stays_within_its_bounds_and_keeps_order(
    sandbox: SandboxMaker, tool: Callable[[str], str], tmp_path: Path
) -> None:
    ping, box = tool("ping"), sandbox(chain(LinkState(10.0, jitter_ms=4.0), LinkState(0.0)))
    text = output_of(box, "camera-1", [ping, "-c", "100", "-i", "0.01", "edge"], tmp_path)
    times = rtts_ms(text)
    assert min(times) > 5.9
    assert statistics.pstdev(times) > 1.0
    sequence = [int(x.split("icmp_seq=")[1].split()[0]) for x in text.splitlines() if "icmp_seq=" in x]
    assert sequence == sorted(sequence)


def test_a_change_takes_effect_at_once(sandbox: SandboxMaker, tool: Callable[[str], str], tmp_path: Path) -> None:
    ping, box = tool("ping"), sandbox(chain(LinkState(1.0)))
    box.set_link("camera-1--edge", UP, LinkState(31.0))
    assert median_rtt_ms(box, ping, "edge", tmp_path) == pytest.approx(32, abs=RTT_TOLERANCE_MS)
    box.set_link("camera-1--edge", UP, LinkState(1.0))
    assert median_rtt_ms(box, ping, "edge", tmp_path) == pytest.approx(2, abs=RTT_TOLERANCE_MS)


def test_a_queue_drains_at_the_new_rate(sandbox: SandboxMaker, tool: Callable[[str], str], tmp_path: Path) -> None:
    ping, box = tool("ping"), sandbox(chain(LinkState(0.0, rate_bps=50e3)))
    flood = box.start("camera-1", [ping, "-q", "-c", "40", "-l", "40", "-s", "1400", "edge"])
    time.sleep(0.3)
    assert counters_of(box, "camera-1--edge").queued_bytes > 40_000
    box.set_link("camera-1--edge", UP, LinkState(0.0, rate_bps=100e6))
    box.set_link("camera-1--edge", DOWN, LinkState(0.0, rate_bps=100e6))
    time.sleep(0.5)
    assert counters_of(box, "camera-1--edge").queued_bytes == 0
    box.signal(flood, 9)
    assert median_rtt_ms(box, ping, "edge", tmp_path) == pytest.approx(0, abs=RTT_TOLERANCE_MS)


def test_a_flood_gets_the_rate_and_no_more(sandbox: SandboxMaker, tool: Callable[[str], str], tmp_path: Path) -> None:
    iperf3, box = tool("iperf3"), sandbox(chain(LinkState(1.0, rate_bps=20e6)))
    box.start("edge", [iperf3, "-s"])
    time.sleep(0.5)
    box.start("camera-1", [iperf3, "-c", "edge", "-u", "-b", "30M", "-l", "1400", "-t", "9"])
    time.sleep(1.5)
    assert any(rate == pytest.approx(20e6, rel=0.05) for rate in rates_bps(box, "edge", tmp_path))
    assert counters_of(box, "camera-1--edge").dropped_queue > 0


def test_devices_share_the_uplink_behind_their_edge(
    sandbox: SandboxMaker, tool: Callable[[str], str], tmp_path: Path
) -> None:
    iperf3, box = tool("iperf3"), sandbox(chain(LinkState(1.0, rate_bps=20e6)))
    for direction in (UP, DOWN):
        box.set_link("edge--cloud", direction, LinkState(1.0, rate_bps=20e6))
    for number in (1, 2):
        box.start("cloud", [iperf3, "-s", "-p", f"520{number}"])
    time.sleep(0.5)
    for number in (1, 2):
        flood = [iperf3, "-c", "cloud", "-p", f"520{number}", "-u", "-b", "18M", "-l", "1400", "-t", "9"]
        box.start(f"camera-{number}", flood)
    time.sleep(1.5)
    assert any(rate == pytest.approx(20e6, rel=0.05) for rate in rates_bps(box, "cloud", tmp_path))
    assert counters_of(box, "edge--cloud").dropped_queue > 0


def test_loss_is_binomial_and_repeats_with_the_seed(sandbox: SandboxMaker, tool: Callable[[str], str]) -> None:
    iperf3, lost, sent = tool("iperf3"), [], []
    box = sandbox(chain(LinkState(0.0, rate_bps=1e9, loss=0.01), LinkState(0.0)))
    box.start("edge", [iperf3, "-s"])
    time.sleep(0.5)
    box.wait(box.start("camera-1", [iperf3, "-c", "edge", "-u", "-b", "40M", "-l", "500", "-t", "2"]), 30)
    counted = counters_of(box, "camera-1--edge")
    lost.append(counted.dropped_loss)
    sent.append(counted.packets + counted.dropped_loss)
    low, high = binom.interval(0.9999, sent[0], 0.01)
    assert sent[0] > 5_000
    assert low <= lost[0] <= high


def test_measured_links_are_as_asked(sandbox: SandboxMaker) -> None:
    state = LinkState(8.0, 2.0, 50e6, 0.001)
    box = sandbox(chain(state))
    measured = {m.link: m for m in box.measure(attempts=15)}
    assert set(measured) == {"camera-1--edge", "camera-2--edge", "edge--cloud"}
    radio = measured["camera-1--edge"]
    assert radio.problems == ()
    assert radio.rtt_ms == pytest.approx(16, abs=4)
    assert radio.up.rate_bps == pytest.approx(50e6, rel=0.1)


def test_a_dead_link_is_out_of_tolerance(sandbox: SandboxMaker) -> None:
    box = sandbox(chain())
    box.set_link("camera-2--edge", DOWN, LinkState(0.0, loss=0.299))
    box.node_stop("cloud")
    measured = box.measure(["camera-1--edge", "edge--cloud"])
    assert [m.link for m in measured] == ["camera-1--edge"]  # a stopped node's link isn't measured


def test_a_link_that_does_not_exist_or_makes_no_sense_is_refused(sandbox: SandboxMaker) -> None:
    box = sandbox(chain())
    with pytest.raises(LinkError, match="camera-9--edge"):
        box.set_link("camera-9--edge", UP, LinkState(1.0))
    with pytest.raises(LinkError, match="loss can't be 2"):
        box.set_link("camera-1--edge", UP, LinkState(1.0, loss=2.0))
    assert counters_of(box, "camera-1--edge").state == chain().links[0].up


def test_packets_that_the_network_could_not_take_are_told(sandbox: SandboxMaker) -> None:
    box = sandbox(chain())
    assert box.overflows() == {"camera-1": 0, "camera-2": 0, "edge": 0, "cloud": 0}
    assert box.counters().late >= 0
