"""Links in the cases that can be computed by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from telcoai.model.routes import Step
from telcoai.model.topology import Link, LinkState
from telcoai.simulation.wires import Wires
from telcoai.strategy.pipe import HEADER_SHARE, SEGMENT_BYTES

AIR = LinkState(8.0, rate_bps=50e6)
WIRE = LinkState(10.0, rate_bps=1e9)
UP = (Step(Link("camera", "edge", AIR, AIR), True), Step(Link("edge", "cloud", WIRE, WIRE), True))
ON_WIRE = 1 + HEADER_SHARE


def test_one_link_takes_its_sending_time_and_its_delay() -> None:
    assert Wires(1).send(UP[:1], 50_000, 3.0) == pytest.approx(3.0 + 50_000 * ON_WIRE * 8 / 50e6 + 0.008)


def test_over_two_links_only_the_slower_sending_time_counts_in_full() -> None:
    sending = 50_000 * ON_WIRE * 8 / 50e6 + SEGMENT_BYTES * ON_WIRE * 8 / 1e9
    assert Wires(1).send(UP, 50_000, 0.0) == pytest.approx(sending + 0.018)


def test_payloads_queue_behind_each_other_and_only_in_their_direction() -> None:
    wires, sending = Wires(1), 50_000 * ON_WIRE * 8 / 50e6
    wires.send(UP[:1], 50_000, 0.0)
    assert wires.send(UP[:1], 50_000, 0.0) == pytest.approx(2 * sending + 0.008)
    assert wires.send((Step(UP[0].link, False),), 50_000, 0.0) == pytest.approx(sending + 0.008)


def test_jitter_stays_within_its_width_and_leans_to_its_end_for_long_payloads() -> None:
    shaky = (Step(Link("a", "b", LinkState(20.0, 5.0, 1e9), WIRE), True),)
    short = [Wires(seed).send(shaky, 100, 0.0) for seed in range(200)]
    long = [Wires(seed).send(shaky, 1_000_000, 0.0) - 1_000_000 * ON_WIRE * 8 / 1e9 for seed in range(200)]
    assert 0.015 <= min(short) <= max(short) <= 0.0251
    assert sum(short) / 200 == pytest.approx(0.020, abs=0.001)
    assert sum(long) / 200 > 0.0245


def test_a_reply_that_is_lost_waits_for_a_timeout() -> None:
    lossy = (Step(Link("edge", "camera", replace(AIR, loss=0.5), AIR), True),)
    sent = Wires(1).send(UP[:1], 600, 0.0)
    waited = {round((Wires(seed).send(lossy, 600, 0.0) - sent) / 0.216, 6) for seed in range(300)}
    assert {0.0, 1.0, 2.0, 4.0, 8.0} <= waited <= {0.0, *(2.0**n for n in range(16))}


def test_a_connection_is_that_which_was_given_back_last() -> None:
    wires = Wires(1)
    first, second = wires.take(("a", "b"), 0.0), wires.take(("a", "b"), 0.0)
    wires.give(("a", "b"), first)
    wires.give(("a", "b"), second)
    assert wires.take(("a", "b"), 1.0) is second
    assert wires.take(("b", "a"), 1.0) is not first
