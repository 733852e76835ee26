"""Predictions of requests that take turns over several rows of hops."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.model.plan import Assignment, Plan
from telcoai.model.view import NodeView, View
from telcoai.strategy.mixture import mixed, parts
from telcoai.strategy.outlook import follow, follow_rows, gatherings, predictions, unexplained
from telcoai.strategy.predict import Prediction
from telcoai.strategy.sites import as_measured
from telcoai.strategy.static import EdgeOnly

from .conftest import topology, view

SECONDS = st.floats(0.001, 2)


@given(st.lists(st.tuples(SECONDS, SECONDS), min_size=1, max_size=5), st.sampled_from([90.0, 95.0, 99.0]))
def test_the_percentile_of_all_lies_between_those_of_the_rows(rows: list[tuple[float, float]], q: float) -> None:
    found = [(Prediction(mean, mean + more), 1 / len(rows)) for mean, more in rows]
    whole = mixed(found, q)
    tails = [one.tail_s for one, _ in found]
    assert min(tails) - 1e-9 <= whole.tail_s <= max(tails) + 1e-9
    assert whole.mean_s == pytest.approx(sum(mean for mean, _ in rows) / len(rows))


@given(SECONDS, SECONDS, st.integers(1, 5))
def test_rows_alike_are_predicted_as_one(mean: float, more: float, rows: int) -> None:
    one = Prediction(mean, mean + more)
    whole = mixed([(one, 1 / rows)] * rows, 95.0)
    assert (whole.mean_s, whole.tail_s) == pytest.approx((one.mean_s, one.tail_s))


def test_the_percentile_is_that_of_the_worse_row_where_the_other_is_never_late() -> None:
    """Half of the requests are the worse row's: the 95th of all is the 90th of those."""
    slow = Prediction(1.0, 1.0 + 1.0 * 1.9957)  # exponential above 0: the 95th is ln 20 times the mean
    whole = mixed([(Prediction(0.001, 0.002), 0.5), (slow, 0.5)], 95.0)
    assert whole.tail_s == pytest.approx(2.302, abs=0.01)


def both() -> tuple[View, Assignment]:
    seen = view(topology(devices=1, edges=1), rate=60.0)
    (one,) = EdgeOnly().plan(seen).assignments
    return seen, replace(one, replicas=(("cloud",) * 3,))


def test_each_row_is_followed_with_its_share() -> None:
    seen, one = both()
    sites = as_measured(seen)
    rows = follow_rows(one, seen.services[0], sites)
    assert [path.visits[-1].node for path, _ in rows] == ["edge-1", "cloud"]
    assert [share for _, share in rows] == [0.5, 0.5]
    assert follow(one, seen.services[0], sites) is None
    assert [part.replicas for part, _ in parts(one)] == [(), ()]


def test_replicas_take_load_off_a_busy_node() -> None:
    built = topology(devices=20, edges=1)
    edges = tuple(replace(n, name="edge-2") for n in built.nodes if n.name == "edge-1")
    links = tuple(replace(link, b="edge-2") for link in built.links if link.b == "edge-1")
    seen = view(replace(built, nodes=(*built.nodes, *edges), links=(*built.links, *links)), rate=23.0)
    sites = as_measured(seen)
    alone = EdgeOnly().plan(seen).assignments
    assert {one.nodes for one in alone} == {("edge-1",)}
    spread = [replace(one, replicas=(("edge-2",) * 3,)) for one in alone]
    tails = [predictions(plan, seen, sites)["vision/camera-1"] for plan in (alone, spread)]
    assert tails[1] < 0.75 * tails[0]


def test_the_work_of_replicas_in_force_is_not_the_work_of_others() -> None:
    seen, one = both()
    busy = replace(seen, nodes={**seen.nodes, "cloud": NodeView("cloud", True, 0.006)}, previous=Plan((one,)))
    assert unexplained(busy, as_measured(busy)).strange["cloud"] == 0.0


def test_a_row_that_can_not_be_followed_leaves_nothing_to_predict() -> None:
    seen, one = both()
    dead = replace(seen, nodes={**seen.nodes, "cloud": NodeView("cloud", False)})
    assert follow_rows(one, seen.services[0], as_measured(dead)) == ()
    assert predictions([one], dead, as_measured(dead)) == {}


def test_batches_gather_from_the_share_that_each_row_gets() -> None:
    seen, one = both()
    batched = replace(one, batch=8, batch_wait_ms=50.0)
    sites = as_measured(seen)
    (whole,) = gatherings([replace(batched, replicas=())], seen.services, sites).values()
    halves = gatherings([batched], seen.services, sites).values()
    assert all(half.size - 1 == pytest.approx((whole.size - 1) / 2, rel=0.1) for half in halves)
    assert len(halves) == 2
