from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.model.topology import Band, LinkState
from telcoai.strategy.candidates import candidates, chains, course_of, menu
from telcoai.strategy.course import Course, Origin, course
from telcoai.strategy.exits import Option, forecast, never
from telcoai.strategy.frames import Frames, frames_of
from telcoai.strategy.pipe import HEADER_SHARE, NO_STEP, pipe
from telcoai.strategy.predict import Occupancy, loaded, unloaded
from telcoai.strategy.queueing import ahead
from telcoai.strategy.ranking import Ranking
from telcoai.strategy.sites import Sites, as_measured

from .conftest import topology, variant, view, workload

ONE = variant("one", "fp32", 96, 300, 0.9)
RAW = Frames()
QUIET = 1e6
"""A rate so high that TCP's windows never close."""


def sites_with(state: LinkState, far: LinkState | None = None) -> Sites:
    built = topology(devices=1)
    links = [replace(built.links[0], up=state, down=state), built.links[1]]
    if far is not None:
        links[1] = replace(links[1], up=far, down=far)
    return Sites(built, tuple(links))


def decoding(sites: Sites, mpx_s: float = 40.0) -> Sites:
    """The sites with processors that decode JPEG at that rate."""
    rate = Band(mpx_s, mpx_s, mpx_s)
    known = {name: replace(one, jpeg_decode_mpx_s=rate) for name, one in sites.topology.profiles.items()}
    return Sites(replace(sites.topology, profiles=known), sites.links)


def course_over(
    sites: Sites, hops: tuple[str, ...], thresholds: tuple[float, ...] = never(ONE), frames: Frames = RAW
) -> Course:
    option = Option(ONE, thresholds, forecast(ONE, thresholds))
    found = course(option, hops, "fp16", sites, Origin("camera-1", workload(), QUIET, frames))
    assert found is not None
    return found


def test_a_local_request_takes_the_sum_of_its_stages() -> None:
    stage_s = 0.001 + 0.1 / 8
    found = unloaded(course_over(sites_with(LinkState(8.0)), ("camera-1",) * 3), 95)
    assert (found.mean_s, found.tail_s) == pytest.approx((3 * stage_s, 3 * stage_s))


def test_an_offloaded_request_adds_delay_both_ways_frame_and_reply() -> None:
    found = unloaded(course_over(sites_with(LinkState(8.0, 0.0, 50e6)), ("edge-1",) * 3), 95)
    frame_s = (96 * 96 * 3 + 700) * (1 + HEADER_SHARE) * 8 / 50e6
    reply_s = 600 * (1 + HEADER_SHARE) * 8 / 50e6
    assert found.mean_s == pytest.approx(0.016 + frame_s + reply_s + 3 * (0.001 + 0.1 / 60))


def test_a_jpeg_frame_is_small_to_send_and_takes_time_to_decode() -> None:
    sites = decoding(sites_with(LinkState(8.0, 0.0, 50e6)))
    frames = Frames("jpeg", {"one": 3000})
    found = unloaded(course_over(sites, ("edge-1",) * 3, never(ONE), frames), 95)
    frame_s = (3000 + 700) * (1 + HEADER_SHARE) * 8 / 50e6
    reply_s = 600 * (1 + HEADER_SHARE) * 8 / 50e6
    assert found.mean_s == pytest.approx(0.016 + frame_s + reply_s + 3 * (0.001 + 0.1 / 60) + 96 * 96 / 40e6)


def test_a_frame_that_stays_on_the_device_is_not_encoded() -> None:
    sites = decoding(sites_with(LinkState(8.0)))
    hops = ("camera-1", "edge-1", "edge-1")
    jpeg = course_over(sites, hops, never(ONE), Frames("jpeg", {"one": 3000}))
    assert jpeg == course_over(sites, hops, never(ONE))


def test_the_mean_counts_exits_and_the_tail_the_one_that_the_percentile_falls_on() -> None:
    stage_s = 0.001 + 0.1 / 8
    found = course_over(sites_with(LinkState(8.0)), ("camera-1",) * 3, (0.5, 0.5))
    assert [way.share for way in found.ways] == pytest.approx([0.8, 0.12, 0.08])
    assert unloaded(found, 95).mean_s == pytest.approx(stage_s * (0.8 + 2 * 0.12 + 3 * 0.08))
    assert unloaded(found, 95).tail_s == pytest.approx(3 * stage_s)
    assert unloaded(found, 90).tail_s == pytest.approx(2 * stage_s)
    assert unloaded(found, 50).tail_s == pytest.approx(stage_s)


def test_jitter_counts_in_the_tail_alone() -> None:
    calm = unloaded(course_over(sites_with(LinkState(8.0, 0.0)), ("edge-1",) * 3), 95)
    rough = unloaded(course_over(sites_with(LinkState(8.0, 2.0)), ("edge-1",) * 3), 95)
    assert rough.mean_s == pytest.approx(calm.mean_s)
    assert rough.tail_s == pytest.approx(calm.tail_s + 0.004)


def test_waits_of_nodes_and_links_come_on_top() -> None:
    found = course_over(sites_with(LinkState(8.0)), ("edge-1",) * 3)
    occupancy = Occupancy(standing_s={"edge-1": 0.5})
    assert loaded(found, 95, occupancy).mean_s == pytest.approx(unloaded(found, 95).mean_s + 0.5)
    assert loaded(found, 95, occupancy).tail_s == pytest.approx(unloaded(found, 95).tail_s + 0.5 * math.log(20))


def test_load_taken_out_leaves_nothing() -> None:
    found = course_over(sites_with(LinkState(8.0)), ("edge-1",) * 3)
    occupancy = Occupancy()
    occupancy.add(found, 300.0)
    assert loaded(found, 95, occupancy).mean_s > unloaded(found, 95).mean_s + 1
    occupancy.add(found, -300.0)
    assert loaded(found, 95, occupancy) == unloaded(found, 95)


def test_a_silent_connection_opens_its_window_again() -> None:
    way = sites_with(LinkState(50.0)).route("camera-1", "edge-1")
    busy, silent = pipe(way, 30.0, 95), pipe(way, 1e-6, 95)
    assert silent.seconds(10_000) == pytest.approx(busy.seconds(10_000), abs=1e-9)
    assert busy.seconds(40_000) + 0.08 < silent.seconds(40_000) < busy.seconds(40_000) + 0.1


def test_loss_costs_round_trips_and_more_so_in_the_tail() -> None:
    """One in ten transfers of ten segments loses one, which costs a round trip or more and halves the window."""
    clean = pipe(sites_with(LinkState(50.0)).route("camera-1", "edge-1"), QUIET, 95)
    lossy = pipe(sites_with(LinkState(50.0, loss=0.01)).route("camera-1", "edge-1"), QUIET, 95)
    assert clean.seconds(14_480) + 0.01 < lossy.seconds(14_480) < clean.seconds(14_480) + 0.1
    assert clean.tail_s(14_480) == 0
    assert lossy.tail_s(14_480) >= 0.09


def test_no_way_takes_for_ever_and_no_step_no_time() -> None:
    assert pipe(None, 5.0, 95).seconds(1000) == math.inf
    assert (pipe((), 5.0, 95), NO_STEP.seconds(1000)) == (NO_STEP, 0.0)


@pytest.mark.parametrize("frames", [RAW, Frames("jpeg", {v.name: 30 * v.input_size for v in workload().variants})])
def test_the_ranking_agrees_with_following_each_course(frames: Frames) -> None:
    seen = view()
    sites = decoding(as_measured(seen))
    service = replace(seen.services[0], frames=frames.form, frame_bytes=frames.mean_bytes)
    options = menu(service, sites)
    origin = Origin("camera-1", workload(), 5.0, frames_of(service))
    (chain,) = chains("camera-1", sites, "")
    ranked = Ranking(options, sites).of(chain, 5.0)
    assert len(ranked) == len(candidates(options, 3))
    for score_s, candidate in ranked:
        found = course_of(candidate, chain, sites, origin)
        assert found is not None
        assert unloaded(found, 95).score_s == pytest.approx(score_s)


rates = st.floats(1e5, 1e10)
dispersions = st.floats(0, 50)
delays = st.floats(0, 500)
hop_lists = st.lists(st.sampled_from([0, 1, 2]), min_size=3, max_size=3).map(
    lambda levels: tuple(("camera-1", "edge-1", "cloud")[level] for level in sorted(levels))
)
grids = st.sampled_from([never(ONE), (0.8, 0.8), (0.5, 0.5), (0.95, 1.01)])


@given(rates, rates, hop_lists, grids, st.floats(0.1, 100), dispersions)
def test_more_bandwidth_never_predicts_later(
    one: float, two: float, hops: tuple[str, ...], thresholds: tuple[float, ...], rate: float, dispersion: float
) -> None:
    low, high = sorted((one, two))
    slow = _under(LinkState(8.0, 1.0, low, 0.01), hops, thresholds, rate, dispersion)
    fast = _under(LinkState(8.0, 1.0, high, 0.01), hops, thresholds, rate, dispersion)
    assert fast[0] <= slow[0] + 1e-9
    assert fast[1] <= slow[1] + 1e-9


@given(delays, delays, hop_lists, grids, st.floats(0.1, 100))
def test_less_delay_never_predicts_later(
    one: float, two: float, hops: tuple[str, ...], thresholds: tuple[float, ...], rate: float
) -> None:
    low, high = sorted((one, two))
    near = _under(LinkState(low, 1.0, 5e7, 0.01), hops, thresholds, rate)
    far = _under(LinkState(high, 1.0, 5e7, 0.01), hops, thresholds, rate)
    assert near[0] <= far[0] + 1e-9
    assert near[1] <= far[1] + 1e-9


@given(hop_lists, grids, st.floats(0.1, 1000))
def test_load_never_predicts_sooner(hops: tuple[str, ...], thresholds: tuple[float, ...], rate: float) -> None:
    sites = sites_with(LinkState(8.0, 1.0, 5e7, 0.01))
    alone = unloaded(course_over(sites, hops, thresholds), 95)
    together = _under(LinkState(8.0, 1.0, 5e7, 0.01), hops, thresholds, rate)
    assert together[0] >= alone.mean_s - 1e-9
    assert together[1] >= alone.tail_s - 1e-9


@given(hop_lists, grids, st.floats(0.1, 100), st.floats(1, 50), st.floats(1, 50))
def test_burstier_requests_are_never_predicted_sooner(
    hops: tuple[str, ...], thresholds: tuple[float, ...], rate: float, one: float, two: float
) -> None:
    low, high = sorted((one, two))
    calm, bursty = (_under(LinkState(8.0, 1.0, 5e7, 0.01), hops, thresholds, rate, each) for each in (low, high))
    assert bursty[0] >= calm[0] - 1e-9
    assert bursty[1] >= calm[1] - 1e-9


def test_a_burst_queues_once_where_its_way_is_narrowest() -> None:
    option, hops = Option(ONE, never(ONE), forecast(ONE, never(ONE))), ("edge-1",) * 3
    sites = sites_with(LinkState(8.0, 0.0, 5e7))
    calm = course(option, hops, "fp16", sites, Origin("camera-1", workload(), QUIET))
    bursty = course(option, hops, "fp16", sites, Origin("camera-1", workload(), QUIET, dispersion=9.0))
    assert calm is not None
    assert bursty is not None
    radio_s, node_s = 4 * calm.crossings[0].seconds, ahead(9.0, 1.0, calm.visits[0].cores) * calm.visits[0].seconds
    assert unloaded(bursty, 95).mean_s - unloaded(calm, 95).mean_s == pytest.approx(max(radio_s, node_s))


@given(rates, rates, delays, st.floats(0.1, 100))
def test_the_best_candidate_is_never_later_on_a_faster_link(one: float, two: float, delay: float, rate: float) -> None:
    low, high = sorted((one, two))
    assert _best_s(LinkState(delay, 1.0, high), rate) <= _best_s(LinkState(delay, 1.0, low), rate) + 1e-9


def _best_s(state: LinkState, rate: float) -> float:
    sites = sites_with(state)
    (chain,) = chains("camera-1", sites, "")
    return Ranking(menu(view(topology(1)).services[0], sites), sites).of(chain, rate)[0][0]


def _under(
    state: LinkState, hops: tuple[str, ...], thresholds: tuple[float, ...], rate: float, dispersion: float = 1.0
) -> tuple[float, float]:
    option = Option(ONE, thresholds, forecast(ONE, thresholds))
    origin = Origin("camera-1", workload(), QUIET, dispersion=dispersion)
    found = course(option, hops, "fp16", sites_with(state), origin)
    assert found is not None
    occupancy = Occupancy()
    occupancy.add(found, rate)
    prediction = loaded(found, 95, occupancy)
    return prediction.mean_s, prediction.tail_s
