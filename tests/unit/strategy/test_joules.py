from __future__ import annotations

import math
import random
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.energy.account import account
from telcoai.model.topology import Band, Link, LinkState, Topology
from telcoai.strategy.course import Course, Crossing, Origin, Visit, Way, course
from telcoai.strategy.exits import Option, forecast, never
from telcoai.strategy.joules import Powers, connected_s
from telcoai.strategy.pipe import REPLY_BYTES
from telcoai.strategy.predict import Occupancy, unloaded, waits_of
from telcoai.strategy.sites import Sites

from .conftest import RADIO, topology, variant, workload

ONE = variant("one", "fp32", 96, 300, 0.9)
CORE_W = {"camera-1": (7 - 3) / 4, "edge-1": (7 - 3) / 2, "cloud": (7 - 3) / 16}
FRAME_BYTES = 3 * 96 * 96 + 700


def quiet(built: Topology | None = None, tail_s: float = 10.0) -> Topology:
    """The toy testbed without loss and jitter, with this tail."""
    built = built or topology(devices=2)
    state = LinkState(8.0, 0.0, 50e6)
    links = tuple(Link(link.a, link.b, state, state, link.radio) for link in built.links)
    return replace(built, links=links, radios={"5g": replace(RADIO, tail_s=Band(tail_s, tail_s, tail_s))})


def course_on(built: Topology, hops: tuple[str, ...], thresholds: tuple[float, ...] = never(ONE)) -> Course:
    option = Option(ONE, thresholds, forecast(ONE, thresholds))
    found = course(option, hops, "fp16", Sites(built, built.links), Origin("camera-1", workload(), 5.0))
    assert found is not None
    return found


def test_a_request_that_stays_costs_its_core_seconds() -> None:
    found = course_on(quiet(), ("camera-1",) * 3)
    assert Powers(quiet()).request_j(found, 5.0) == pytest.approx(3 * (0.001 + 0.1 / 8) * CORE_W["camera-1"])


def test_those_who_leave_early_cost_less() -> None:
    found = course_on(quiet(), ("camera-1",) * 3, (0.5, 0.5))
    stage_j = (0.001 + 0.1 / 8) * CORE_W["camera-1"]
    assert Powers(quiet()).request_j(found, 5.0) == pytest.approx(stage_j * (1 + 0.2 + 0.08))


def test_a_lone_transfer_pays_for_its_bits_and_its_whole_tail() -> None:
    found = course_on(quiet(), ("edge-1",) * 3)
    bits_j = 8e-9 * (30 * FRAME_BYTES + 15 * REPLY_BYTES)
    base_j = 3.0 * (10.0 + unloaded(found, 95).mean_s)
    compute_j = 3 * (0.001 + 0.1 / 60) * CORE_W["edge-1"]
    assert Powers(quiet()).request_j(found, 0.0) == pytest.approx(compute_j + bits_j + base_j)


def test_many_transfers_share_a_radio_that_is_always_connected() -> None:
    found = course_on(quiet(), ("edge-1",) * 3)
    apart = Powers(quiet()).request_j(found, 0.0) - 3.0 * (10.0 + unloaded(found, 95).mean_s)
    assert Powers(quiet()).request_j(found, 5.0) == pytest.approx(apart + 3.0 / 5.0)


def test_transfers_that_seldom_overlap_pay_by_the_formula() -> None:
    built = quiet(tail_s=1.0)
    found = course_on(built, ("edge-1",) * 3)
    connected = 1 - math.exp(-0.5 * (1.0 + unloaded(found, 95).mean_s))
    apart = Powers(built).request_j(found, 0.0) - 3.0 * (1.0 + unloaded(found, 95).mean_s)
    assert Powers(built).request_j(found, 0.5) == pytest.approx(apart + 3.0 * connected / 0.5)


def test_a_split_pays_for_the_time_away_alone_and_only_of_those_who_go_on() -> None:
    found = course_on(quiet(), ("camera-1", "edge-1", "edge-1"), (0.5, 0.5))
    first_s, share = 0.001 + 0.1 / 8, 0.2
    away_s = sum(way.share * (way.seconds - first_s) for way in found.ways[1:]) / share
    payload = 40 * 16 * 16 * 2 + 700
    compute_j = first_s * CORE_W["camera-1"] + (0.2 + 0.08) * (0.001 + 0.1 / 60) * CORE_W["edge-1"]
    bits_j = share * 8e-9 * (30 * payload + 15 * REPLY_BYTES)
    expected = compute_j + bits_j + share * 3.0 * (10.0 + away_s)
    assert Powers(quiet()).request_j(found, 0.0) == pytest.approx(expected)


def test_the_radio_is_the_devices_also_when_the_link_is_written_from_the_edge() -> None:
    built = quiet()
    turned = replace(built, links=(replace(built.links[0], a="edge-1", b="camera-1"), *built.links[1:]))
    hops = ("edge-1",) * 3
    assert Powers(turned).request_j(course_on(turned, hops), 5.0) == pytest.approx(
        Powers(built).request_j(course_on(built, hops), 5.0)
    )


def test_a_way_to_the_cloud_crosses_the_radio_once() -> None:
    found = course_on(quiet(), ("cloud",) * 3)
    bits_j = 8e-9 * (30 * FRAME_BYTES + 15 * REPLY_BYTES)
    compute_j = 3 * (0.001 + 0.1 / 120) * CORE_W["cloud"]
    base_j = 3.0 * (10.0 + unloaded(found, 95).mean_s)
    assert Powers(quiet()).request_j(found, 0.0) == pytest.approx(compute_j + bits_j + base_j)


def test_a_radio_that_others_keep_connected_costs_less() -> None:
    """Two services of one device, each at one request a second, share its radio like one at two."""
    built = quiet(tail_s=0.5)
    found = course_on(built, ("edge-1",) * 3)
    load = Occupancy()
    for _ in range(2):
        load.add(found, 1.0)
    waits = waits_of(found, load).along(found.ways[-1])
    length_s = 0.5 + unloaded(found, 95).mean_s + waits
    alone_j = Powers(built).request_j(found, 0.0) - 3.0 * (length_s - waits)
    shared_j = alone_j + 3.0 * (1 - math.exp(-2 * length_s)) / 2
    assert Powers(built).request_j(found, 1.0, load) == pytest.approx(shared_j)


@pytest.mark.parametrize(("rate", "tail_s"), [(5.0, 10.0), (0.5, 1.0), (0.05, 10.0), (2.0, 0.2)])
@pytest.mark.parametrize("hops", [("edge-1",) * 3, ("camera-1", "edge-1", "edge-1"), ("camera-1", "edge-1", "cloud")])
def test_the_account_of_poisson_requests_has_the_same_joules(rate: float, tail_s: float, hops: tuple[str, ...]) -> None:
    built = quiet(tail_s=tail_s)
    found = course_on(built, hops)
    samples, end_ns = _rows(found, rate, 20_000)
    measured = account(samples, built, 0, end_ns).per_request_j.mean()
    assert Powers(built).request_j(found, rate) == pytest.approx(measured, rel=0.02)


def _rows(found: Course, rate: float, count: int) -> tuple[pd.DataFrame, int]:
    """Rows of a run in which every request takes the whole course, sent as a Poisson process."""
    chance, sent_s, table = random.Random(4), 0.0, []
    legs = [c for c in found.crossings if not c.is_reply]
    visits = [visit.node for visit in found.visits]
    hops = [_hop(visit) for visit in found.visits]
    if visits[0] != "camera-1":
        hops.insert(0, _hop(Visit("camera-1", 4, 1.0, 0.0)))
    network_s = found.ways[-1].seconds - sum(visit.seconds for visit in found.visits)
    for hop, leg in zip(hops, legs, strict=False):
        hop |= {
            "sent_bytes": leg.payload,
            "received_bytes": REPLY_BYTES,
            "network_ns": round(network_s / len(legs) * 1e9),
        }
    for _ in range(count):
        sent_s += chance.expovariate(rate)
        times = {"sent_ns": round(sent_s * 1e9), "done_ns": round((sent_s + found.ways[-1].seconds) * 1e9)}
        table.append({**times, "fallback": "", "hops": hops})
    return pd.DataFrame(table), round((sent_s + 100) * 1e9)


def _hop(visit: Visit) -> dict[str, object]:
    zero = {"queue_ns": 0, "network_ns": 0, "sent_bytes": 0, "received_bytes": 0}
    return {"node": visit.node, "compute_ns": round(visit.seconds * 1e9), **zero}


rates = st.floats(0, 1000)
lengths = st.floats(0, 100)


@given(rates, lengths)
def test_connected_time_is_at_most_the_transfers_own_and_at_most_all_the_time(rate: float, length_s: float) -> None:
    found = connected_s(length_s, rate)
    assert 0 <= found <= length_s * (1 + 1e-9)
    assert found * rate <= 1 + 1e-9


@given(rates, rates, lengths)
def test_more_transfers_never_make_each_connect_longer(one: float, two: float, length_s: float) -> None:
    low, high = sorted((one, two))
    assert connected_s(length_s, high) <= connected_s(length_s, low) * (1 + 1e-9) + 1e-12


@given(rates, st.floats(0, 1), st.floats(0, 10), st.integers(0, 10**6))
def test_joules_are_finite_and_never_negative(rate: float, share: float, seconds: float, payload: int) -> None:
    crossings = (
        Crossing("camera-1--edge-1", True, share, 0.01, payload, is_reply=False),
        Crossing("camera-1--edge-1", False, share, 0.01, 600, is_reply=True),
    )
    ways = (Way(1 - share, 0.1, 0.0, 1, 0), Way(share, 0.1 + seconds, 0.0, 2, 2))
    made = Course((Visit("camera-1", 4, 1.0, 0.1), Visit("edge-1", 2, share, seconds)), crossings, ways)
    assert 0 <= Powers(topology()).request_j(made, rate) < math.inf
