"""What a strategy saw, in words."""

from __future__ import annotations

from dataclasses import replace

from telcoai.model.requirements import Requirements
from telcoai.report.sight import describe_view, span
from telcoai.strategy.trial import trial_view, trial_views


def test_all_well_is_told_in_four_lines():
    assert describe_view(trial_view(requirements=Requirements(95.0, 150.0, 0.88))) == (
        "vision asks for p95 ≤ 150 ms, accuracy ≥ 0.88",
        "vision: 5 requests/s from each of 3 devices; p95 measured 60 ms",
        "all links as in the testbed's file",
        "busy: camera 10 %; edge 10 %; cloud 10 %",
    )


def test_slow_links_are_told_by_kind_with_what_they_should_be():
    lines = describe_view(trial_views()["slow radio"])
    assert "links camera – edge: delay 80 ms instead of 8 ms (3 of 3)" in lines
    assert "links edge – cloud: delay 80 ms instead of 10 ms (1 of 1)" in lines


def test_a_rate_that_fell_is_told_in_its_unit_and_noise_of_delays_is_not():
    view = trial_view()
    link = view.links["camera-1--edge-1"]
    worse = replace(link, up=replace(link.up, delay_ms=8.7, rate_bps=10e6))
    lines = describe_view(replace(view, links={**view.links, "camera-1--edge-1": worse}))
    assert "links camera – edge: rate 10 Mbit/s instead of 50 Mbit/s (1 of 3)" in lines


def test_bursts_are_told():
    view = trial_view()
    lines = describe_view(replace(view, services=(replace(view.services[0], dispersion=4.26),)))
    assert lines[1].startswith("vision: 5 requests/s from each of 3 devices in bursts (index of dispersion 4.3); p95")


def test_queues_and_nodes_that_are_down_are_told():
    busy, down = describe_view(trial_views()["busy edge"]), describe_view(trial_views()["edge and cloud down"])
    assert "busy: camera 10 %; edge 97 %, 40 waiting; cloud 10 %" in busy
    assert down[-2:] == ("busy: camera 10 %", "down: edge-1, cloud-1")


def test_spans_of_what_looks_alike_are_one_figure():
    assert span([5.0001, 5.0]) == "5"
    assert span([10.4, 9.1]) == "9.1–10.4"
