"""Links are judged by the least delay seen while one state was asked."""

from __future__ import annotations

import dataclasses
import math

from telcoai.model.topology import LinkState
from telcoai.network.record import LinkReading, Span, links_off

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


def test_a_link_that_no_probe_comes_through_is_off():
    assert links_off([reading(0, math.nan), reading(1, math.nan)]) == ("a--b up: no probe came back",)
    assert links_off([reading(0, math.nan), reading(1, 20.0)]) == ()


def test_lost_probes_prove_nothing_where_loss_was_asked():
    lossy = LinkState(delay_ms=20.0, loss=0.4)
    assert links_off([reading(0, math.nan, asked=lossy)]) == ()
    back = dataclasses.replace(reading(0, math.nan), direction="down")
    assert links_off([reading(0, math.nan, asked=lossy), back]) == ()


def test_one_reading_does_not_prove_that_a_long_link_was_idle():
    assert links_off([reading(0, 30.0)]) == ()
    assert links_off([reading(0, 10.0)]) != ()


def test_a_state_asked_again_is_judged_again():
    slow = LinkState(delay_ms=60.0, rate_bps=10e6)
    readings = [reading(0, 20.0), reading(1, 60.0, asked=slow), reading(2, 60.0), reading(3, 60.0)]
    assert links_off(readings) == ("a--b up: delay 60.00 ms, asked 20.00 ms",)


def test_traffic_of_other_phases_excuses_no_delay():
    slow = LinkState(delay_ms=60.0, rate_bps=10e6)
    readings = [reading(0, 20.0), reading(1, 60.0, 9_000_000, slow), reading(2, 60.0, 9_000_000)]
    assert links_off([*readings, reading(3, 60.0, 9_000_000)]) == ("a--b up: delay 60.00 ms, asked 20.00 ms",)


def test_a_state_that_was_asked_for_long_and_never_measured_is_a_problem():
    spans = [Span("a--b", 0, 2_000_000_000), Span("a--b", 2_000_000_000, 6_500_000_000)]
    assert links_off([reading(1, 20.0)], spans) == ("a--b: not measured for 4.5 s from 2.0 s on",)
    assert links_off([reading(1, 20.0), reading(3, 20.0)], spans) == ()
    assert links_off([reading(1, 20.0)], [Span("a--b", 2_000_000_000, 4_900_000_000)]) == ()


def test_each_state_asked_is_judged_by_itself():
    slow = LinkState(delay_ms=60.0, rate_bps=10e6)
    assert links_off([reading(0, 20.0), reading(1, 60.2, asked=slow)]) == ()
    assert len(links_off([reading(0, 20.0), reading(1, 20.0, asked=slow)])) == 1


def test_a_run_whose_links_were_never_measured_is_not_as_asked():
    assert links_off([]) == ("no link was measured",)
