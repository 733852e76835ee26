"""The arrays agree with following each course, and bound what any load makes of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcoai.model.topology import Band, LinkState
from telcoai.model.view import View
from telcoai.strategy.bounds import least_j, least_tail_s
from telcoai.strategy.candidates import Candidate, candidates, chains, course_of, menu
from telcoai.strategy.course import Course, Origin
from telcoai.strategy.frames import Frames, frames_of
from telcoai.strategy.joules import Powers
from telcoai.strategy.predict import Occupancy, loaded, unloaded
from telcoai.strategy.sheet import Figures, Sheet
from telcoai.strategy.sites import Sites, as_measured

from .conftest import topology, view, workload
from .random_views import states


def followed(figures: Figures, seen: View, rate: float, sites: Sites) -> list[tuple[int, Candidate, Course]]:
    service = seen.services[0]
    origin = Origin("camera-1", service.workload, rate, frames_of(service), service.requirements.percentile)
    found = []
    for row, candidate in enumerate(figures.rows.candidates):
        path = course_of(candidate, figures.chain, sites, origin)
        assert path is not None
        found.append((row, candidate, path))
    return found


def decoding(sites: Sites) -> Sites:
    known = {n: replace(one, jpeg_decode_mpx_s=Band(40, 40, 40)) for n, one in sites.topology.profiles.items()}
    return Sites(replace(sites.topology, profiles=known), sites.links)


@pytest.mark.parametrize("frames", [Frames(), Frames("jpeg", {v.name: 30 * v.input_size for v in workload().variants})])
@pytest.mark.parametrize("percentile", [50.0, 95.0])
def test_the_arrays_agree_with_following_each_course(frames: Frames, percentile: float) -> None:
    seen = view()
    service = replace(seen.services[0], frames=frames.form, frame_bytes=frames.mean_bytes)
    service = replace(service, requirements=replace(service.requirements, percentile=percentile))
    seen = replace(seen, services=(service,))
    sites = decoding(as_measured(seen))
    (chain,) = chains("camera-1", sites, "")
    figures = Sheet(menu(service, sites), sites).of(chain, 5.0)
    assert len(figures.rows.candidates) == len(candidates(menu(service, sites), 3))
    for row, _, path in followed(figures, seen, 5.0, sites):
        found = unloaded(path, percentile)
        assert (figures.mean_s[row], figures.tail_s[row]) == pytest.approx((found.mean_s, found.tail_s))


@pytest.mark.parametrize("rate", [0.0, 0.1, 5.0])
def test_joules_without_load_agree_with_following_each_course(rate: float) -> None:
    seen = view()
    sites, powers = as_measured(seen), Powers(seen.topology)
    (chain,) = chains("camera-1", sites, "")
    figures = Sheet(menu(seen.services[0], sites), sites).of(chain, rate)
    joules = least_j(figures, rate, Occupancy(), powers, sites)
    for row, _, path in followed(figures, seen, rate, sites):
        assert joules[row] == pytest.approx(powers.request_j(path, rate))


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 40), st.floats(0, 40), states, st.integers(0, 10**6))
def test_no_load_makes_less_than_the_bounds(rate: float, others: float, state: LinkState, pick: int) -> None:
    """A frame takes less than a third of a second on the link."""
    built, state = topology(1), replace(state, rate_bps=max(2e6, state.rate_bps))
    seen = view(replace(built, links=(replace(built.links[0], up=state, down=state), built.links[1])))
    sites, powers, load = as_measured(seen), Powers(seen.topology), Occupancy()
    (chain,) = chains("camera-1", sites, "")
    figures = Sheet(menu(seen.services[0], sites), sites).of(chain, rate)
    courses = followed(figures, seen, rate, sites)
    load.add(courses[pick % len(courses)][2], others)
    tails = least_tail_s(figures, 95, load, sites)
    joules = least_j(figures, rate, load, powers, sites)
    for row, _, path in courses:
        load.add(path, rate)
        assert tails[row] <= loaded(path, 95, load).tail_s * (1 + 1e-6)
        assert joules[row] <= powers.request_j(path, rate, load) * (1 + 1e-6)
        load.add(path, -rate)


def test_what_nobody_sends_takes_no_time_where_there_is_no_way() -> None:
    seen = view(topology(1))
    sites = Sites(seen.topology, seen.topology.links[1:])
    figures = Sheet(menu(seen.services[0], sites), sites).of(("camera-1", "edge-1", "cloud"), 5.0)
    local = np.array([set(one.levels) == {0} for one in figures.rows.candidates])
    assert np.isfinite(figures.tail_s[local]).all()
    assert np.isinf(figures.tail_s[~local]).any()
