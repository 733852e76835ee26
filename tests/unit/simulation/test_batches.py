"""Batches and priority on a simulated node, and beside the node runtime's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcoai.simulation.computing import compute
from telcoai.simulation.events import Events, Process
from telcoai.simulation.jobs import Job, Note
from telcoai.simulation.nodes import NodeGone, SimulatedNode
from tests.places import band, small_topology
from tests.unit.serving import stage_runner
from tests.unit.simulation.stage import tiny_service

STAGE_S, ONCE_S = 0.010, 0.004
"""As the node runtime's tests have it."""


def node(events: Events, cores: int = 1) -> SimulatedNode:
    board = small_topology().profiles["board"]
    times = {"small-fp32": (STAGE_S,) * 3}
    return SimulatedNode("edge", replace(board, cores=cores, overhead_s=band(ONCE_S), stage_s=times), events)


def job(sample: int = 0, thresholds: tuple[float, float] = (2.0, 2.0), **changes: Any) -> Job:
    service = tiny_service()
    variant = service.workload.variants[0]
    return Job(service, "camera-1", variant, ("edge",) * 3, thresholds, "fp16", sample, [], **changes)


def played(arrivals: list[tuple[float, Job]], cores: int = 1) -> tuple[list[Note], list[int], SimulatedNode]:
    """Notes in order of arrival, numbers in order of departure."""
    events = Events()
    where, notes, order = node(events, cores), [Note("edge") for _ in arrivals], []

    def serve(number: int, one: Job) -> Process:
        yield from compute(one, where, notes[number], events)
        order.append(number)

    for number, (at_s, one) in enumerate(arrivals):
        events.at(at_s, lambda number=number, one=one: events.start(serve(number, one)))
    events.run(1000.0)
    return notes, order, where


def together(size: int) -> float:
    return ONCE_S + size * (STAGE_S - ONCE_S)


def test_who_waits_runs_together_and_holds_one_core_once() -> None:
    notes, _, where = played([(0.0, job(batch=4)) for _ in range(5)])
    assert [one.compute_s for one in notes] == pytest.approx([3 * together(4)] * 4 + [3 * together(1)])
    assert where.cores.busy_s == pytest.approx(3 * together(4) + 3 * together(1))
    assert notes[4].queue_s == pytest.approx(3 * together(4))


def test_a_batch_waits_for_others_but_not_longer_than_it_may() -> None:
    notes, _, _ = played([(at_s, job(batch=8, batch_wait_ms=40.0)) for at_s in (0.0, 0.03, 0.05)])
    assert [one.queue_s for one in notes] == pytest.approx([0.04, 0.01, 0.04])
    assert [one.compute_s for one in notes[:2]] == pytest.approx([3 * together(2)] * 2)


def test_a_request_of_higher_priority_overtakes_the_queue() -> None:
    kinds = [job(), job(), job(batch=2), job(priority=1), job(batch=2, priority=2)]
    _, order, _ = played([(0.0, one) for one in kinds])
    assert order == [0, 4, 3, 1, 2]


def test_who_waits_for_a_batch_on_a_node_that_is_lost_learns_of_it_at_once() -> None:
    events = Events()
    where, seen = node(events), []

    def serve() -> Process:
        try:
            yield from compute(job(batch=4, batch_wait_ms=5000.0), where, Note("edge"), events)
        except NodeGone:
            seen.append(events.now_s)

    events.start(serve())
    events.at(1.0, where.kill)
    events.run(20.0)
    assert seen == [1.0]
    assert where.cores.queued == 0


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0, 0.2), st.sampled_from([1, 2, 5]), st.sampled_from([0, 15.0])), max_size=25),
    st.integers(1, 3),
)
def test_shares_add_up_and_everyone_is_served(asked: list[tuple[float, int, float]], cores: int) -> None:
    arrivals = [
        (at_s, job(k % 4, (0.5, 0.75), batch=size, batch_wait_ms=wait if size > 1 else 0.0))
        for k, (at_s, size, wait) in enumerate(asked)
    ]
    notes, order, where = played(arrivals, cores)
    assert sorted(order) == list(range(len(asked)))
    assert sum(one.core_s for one in notes) == pytest.approx(where.cores.busy_s)
    assert all(one.core_s <= one.compute_s + 1e-12 for one in notes)
    assert where.cores.queued == 0
    assert where.open_batches == {}


@pytest.mark.parametrize(
    "asked",
    [
        [{"batch": 4}] * 9,
        [{"batch": 3, "batch_wait_ms": 10.0}] * 7,
        [{}, {"batch": 4}, {"priority": 2}, {"batch": 4, "priority": 1}, {"batch": 4}, {}, {"batch": 4, "priority": 1}],
    ],
)
def test_the_node_runtime_forms_the_same_batches(asked: list[dict[str, Any]]) -> None:
    """The same requests at once: the same ones run together, for as long, in the same order."""
    samples, thresholds = [k % 4 for k in range(len(asked))], (0.5, 0.75)
    notes, _, _ = played([(0.0, job(k, thresholds, **more)) for k, more in zip(samples, asked, strict=True)])
    real = [stage_runner.job(k, thresholds=thresholds, **more) for k, more in zip(samples, asked, strict=True)]
    stage_runner.run_all(*real)
    assert [one.ledger.compute_ns / 1e9 for one in real] == pytest.approx([one.compute_s for one in notes], abs=1e-7)
    assert [one.ledger.core_ns / 1e9 for one in real] == pytest.approx([one.core_s for one in notes], abs=1e-7)
