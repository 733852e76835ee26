"""The probe feeds views with what it measured, until the link changes."""

from __future__ import annotations

import time

import pytest

from telcoai.errors import TestbedError
from telcoai.model.topology import LinkState
from telcoai.network.probe import LinkProbe, Seen
from tests.places import small_topology


def make(measure):
    return LinkProbe(small_topology().links, measure, time.monotonic_ns())


def test_before_a_measurement_the_view_has_what_was_asked():
    assert make(dict).views()["camera-1--edge"].up.delay_ms == 8.0


def test_a_view_has_the_measured_delay_and_the_asked_rate():
    probe = make(lambda: {("camera-1--edge", "up"): Seen(9.25), ("camera-1--edge", "down"): Seen(None)})
    probe.measure_once()
    view = probe.views()["camera-1--edge"]
    assert (view.up.delay_ms, view.up.rate_bps) == (9.25, 50e6)
    assert view.down.delay_ms == 8.0


def test_a_change_is_seen_when_it_was_measured_and_not_before():
    probe = make(lambda: {("edge--cloud", "up"): Seen(16.0)})
    probe.measure_once()
    probe.expect("edge--cloud", LinkState(40.0), LinkState(40.0, rate_bps=1e6))
    assert probe.views()["edge--cloud"].up.delay_ms == 16.0
    assert probe.views()["edge--cloud"].down.delay_ms == 15.0
    assert probe.views()["edge--cloud"].down.rate_bps == 1e9


def test_links_of_a_stopped_node_are_not_judged():
    probe = make(lambda: {("edge--cloud", "up"): Seen(16.0)})
    probe.pause("cloud")
    probe.measure_once()
    assert probe.readings == []
    probe.resume("cloud")
    probe.measure_once()
    assert len(probe.readings) == 1


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (TestbedError("the network process is gone"), "the network process is gone"),
        (TimeoutError("60 s"), "TimeoutError: 60 s"),
        (ConnectionResetError("gone"), "ConnectionResetError: gone"),
    ],
)
def test_a_network_that_is_gone_ends_the_probe_and_is_told(error, told):
    answers = iter([{}])

    def measure():
        try:
            return next(answers)
        except StopIteration:
            raise error from None

    probe = make(measure)
    probe.start(0)
    deadline = time.monotonic() + 10
    while not probe.failure and time.monotonic() < deadline:
        time.sleep(0.02)
    probe.stop()
    assert probe.failure == told


def test_nothing_is_taken_of_a_link_that_was_changed_during_the_measurement():
    probe = make(lambda: {("edge--cloud", "up"): Seen(16.0)})
    probe.unsettle("edge--cloud")
    probe.measure_once()
    assert probe.readings == []
    probe.settle("edge--cloud")
    probe.measure_once()
    assert len(probe.readings) == 1

    def change_and_measure():
        probe.unsettle("edge--cloud")
        probe.settle("edge--cloud")
        return {("edge--cloud", "up"): Seen(16.0)}

    probe._measure = change_and_measure
    probe.measure_once()
    assert len(probe.readings) == 1


def test_spans_are_cut_by_changes_and_leave_out_stops():
    probe = make(dict)
    probe.pause("cloud")
    probe.unsettle("edge--cloud")
    probe.resume("cloud")
    probe.expect("edge--cloud", LinkState(40.0), LinkState(40.0))
    probe.stop()
    first, second = (span for span in probe.spans() if span.link == "edge--cloud")
    assert first.until_ns < second.from_ns
    assert [span.link for span in probe.spans()].count("camera-1--edge") == 1
