"""Links are judged by the least delay seen while one state was asked."""

from __future__ import annotations

import math

from telcoai.model.topology import LinkState
from telcoai.network.record import LinkReading, links_off

ASKED = LinkState(delay_ms=20.0, jitter_ms=1.0, rate_bps=10e6)


def reading(second: float, delay_ms: float, sent_bytes: int = 0, asked: LinkState = ASKED) -> LinkReading:
    return LinkReading("a--b", "up", int(second * 1e9), asked, delay_ms, 0, sent_bytes, 0, 0)


def test_a_link_within_tolerance_is_fine():
    assert links_off([reading(0, 22.5), reading(1, 40.0)]) == ()


def test_a_link_that_is_too_short_is_off():
    assert "delay 16.00 ms, asked 20.00 ms" in links_off([reading(0, 16.0), reading(1, 20.0)])[0]


def test_an_idle_link_that_is_too_long_is_off():
    assert links_off([reading(0, 30.0), reading(1, 31.0)]) != ()


def test_a_congested_link_may_be_longer():
    assert links_off([reading(0, 30.0), reading(1, 31.0, sent_bytes=1_000_000)]) == ()


def test_lost_probes_prove_nothing():
    assert links_off([reading(0, math.nan)]) == ()


def test_each_state_asked_is_judged_by_itself():
    slow = LinkState(delay_ms=60.0, rate_bps=10e6)
    assert links_off([reading(0, 20.0), reading(1, 60.2, asked=slow)]) == ()
    assert len(links_off([reading(0, 20.0), reading(1, 20.0, asked=slow)])) == 1


def test_a_run_whose_links_were_never_measured_is_not_as_asked():
    assert links_off([]) == ("no link was measured",)
