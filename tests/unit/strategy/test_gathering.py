"""Predicted batches, beside simulated ones."""

from __future__ import annotations

import random
import statistics
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.model.timing import batch_seconds
from telcoai.simulation.computing import compute
from telcoai.simulation.events import Events, Process
from telcoai.simulation.jobs import Note
from telcoai.strategy.batch_times import Row
from telcoai.strategy.gathering import Crowd, gathering
from telcoai.strategy.outlook import gatherings, predictions
from telcoai.strategy.queueing import wait_s
from telcoai.strategy.sites import as_measured
from telcoai.strategy.static import EdgeOnly
from tests.unit.simulation.test_batches import job, node, together

from .conftest import topology, view


def held_s(size: float) -> float:
    return 3 * together(size)  # type: ignore[arg-type]


def simulated(rate_per_s: float, most: int, wait: float, cores: int) -> tuple[float, float, float]:
    """(mean size, mean latency, latency at the 95th percentile) of four thousand Poisson requests."""
    events, draw, at_s = Events(), random.Random(5), 0.0
    where, notes, latency = node(events, cores), [], []

    def serve(note: Note) -> Process:
        asked_s = events.now_s
        yield from compute(job(batch=most, batch_wait_ms=1e3 * wait), where, note, events)
        latency.append(events.now_s - asked_s)

    for _ in range(4000):
        at_s += draw.expovariate(rate_per_s)
        notes.append(Note("edge"))
        events.at(at_s, lambda note=notes[-1]: events.start(serve(note)))
    events.run(at_s + 60)
    latency.sort()
    size = len(notes) / sum(note.core_s / note.compute_s for note in notes)
    return size, statistics.fmean(latency), latency[int(0.95 * len(latency))]


@pytest.mark.parametrize("load", [0.3, 0.6, 0.9, 1.2])
@pytest.mark.parametrize(
    ("most", "wait", "cores"), [(8, 0.0, 1), (8, 0.02, 1), (32, 0.1, 1), (8, 0.02, 4), (32, 0.1, 4)]
)
def test_sizes_and_latencies_are_those_of_simulated_batches(load: float, most: int, wait: float, cores: int) -> None:
    """At up to 1.2 times what a node could do with each request alone; a fifth off, a quarter in the tail."""
    rate = load * cores / held_s(1)
    size, mean_s, tail_s = simulated(rate, most, wait, cores)
    found = gathering(rate, Crowd(most, wait, cores, held_s))
    full_s = held_s(most) / most
    queue_s = wait_s(rate * full_s / cores, full_s, cores)
    assert found.size == pytest.approx(size, rel=0.12)
    assert found.mean_s + queue_s + held_s(found.size) == pytest.approx(mean_s, rel=0.2)
    assert found.mean_s + found.late_s + 3 * queue_s + held_s(found.size) == pytest.approx(tail_s, rel=0.25)


@given(st.floats(0, 1000), st.integers(1, 64), st.floats(0, 1), st.integers(1, 48), st.floats(0, 0.99))
def test_sizes_stay_within_the_plan_and_waits_within_reason(
    rate: float, most: int, wait: float, cores: int, shared: float
) -> None:
    def held(size: float) -> float:
        return batch_seconds(0.01, shared * 0.01, size)

    found = gathering(rate, Crowd(most, wait, cores, held))
    assert 1.0 <= found.size <= most
    assert 0.0 <= found.mean_s <= max(wait, held(most) / cores) + 1e-9


@given(st.floats(0.1, 500), st.integers(2, 64), st.floats(0, 0.5), st.integers(1, 8))
def test_more_requests_make_no_smaller_batches(rate: float, most: int, wait: float, cores: int) -> None:
    crowd = Crowd(most, wait, cores, held_s)
    assert gathering(rate, crowd).size <= gathering(1.5 * rate, crowd).size + 1e-6


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=4), st.floats(0, 1), st.floats(1, 64))
def test_a_row_alone_takes_the_time_of_those_who_get_so_far(seconds: list[float], shared: float, size: float) -> None:
    reach = [1.0 / (k + 1) for k in range(len(seconds))]
    row = Row(seconds, [shared * s for s in seconds], reach)
    assert row.held_s(1.0) == pytest.approx(sum(s * r for s, r in zip(seconds, reach, strict=True)))
    assert row.held_s(size) >= row.held_s(1.0) - 1e-12
    assert row.held_s(size) / size <= row.held_s(1.0) + 1e-9


def test_a_plan_of_batches_is_predicted_from_all_who_are_in_them_together() -> None:
    seen = view(topology(devices=3))
    sites = as_measured(seen)
    plan = EdgeOnly().plan(seen)
    together = [replace(one, batch=8, batch_wait_ms=50.0) for one in plan.assignments]
    found = gatherings(together, seen.services, sites)
    rate = sum(seen.services[0].rate_per_s.values())
    assert [one.size for one in found.values()] == pytest.approx([1 + 0.05 * rate] * 3, rel=0.05)
    alone, batched = predictions(plan.assignments, seen, sites), predictions(together, seen, sites)
    assert all(batched[key] > alone[key] + 40 for key in alone)
