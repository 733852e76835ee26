from __future__ import annotations

import asyncio

import pytest

from telcoai.serving.jobs import Job
from telcoai.serving.refusals import Refused
from telcoai.serving.stage_calls import Machine
from telcoai.serving.stages import StageRunner
from telcoai.serving.stats import Stats

from .stage_runner import job, now_ns, run_all, use

MS = 1_000_000


def together(size: int) -> float:
    """Paced ns of one stage of so many."""
    return (4 + 6 * size) * MS


def test_who_waits_runs_together_and_holds_one_core_once() -> None:
    jobs = [job(batch=4) for _ in range(5)]
    answers = run_all(*jobs)
    assert [answer.exit for answer in answers if answer] == [2] * 5
    assert [one.ledger.compute_ns for one in jobs] == pytest.approx([3 * together(4)] * 4 + [3 * together(1)], abs=9)
    assert jobs[4].ledger.queue_ns >= 3 * together(4)


def test_shares_of_core_time_add_up_to_the_time_the_core_was_held() -> None:
    jobs = [job(sample, batch=3, thresholds=(0.5, 0.75)) for sample in (0, 1, 2, 3, 2, 0, 3)]

    async def body(runner: StageRunner, machine: Machine, _: Stats) -> int:
        await asyncio.gather(*(runner.run(one) for one in jobs))
        return machine.cores.busy_ns

    busy_ns = use(body)
    assert sum(one.ledger.core_ns for one in jobs) == busy_ns
    assert sum(one.ledger.compute_ns for one in jobs) > busy_ns


def test_who_is_confident_leaves_a_batch_and_the_others_go_on_as_a_smaller_one() -> None:
    sure, unsure, also = job(3, batch=3, thresholds=(0.5, 2.0)), job(0, batch=3, thresholds=(0.5, 2.0)), job(1, batch=3)
    answers = run_all(sure, unsure, also)
    assert [answer.exit for answer in answers if answer] == [0, 2, 2]
    assert sure.ledger.compute_ns == pytest.approx(together(3), abs=9)
    assert unsure.ledger.compute_ns == pytest.approx(together(3) + 2 * together(2), abs=9)
    assert sure.ledger.core_ns == pytest.approx(together(3) / 3, abs=9)


def test_stages_for_another_node_leave_the_batch() -> None:
    here, away = job(batch=2), job(batch=2, hops=("edge", "cloud", "cloud"))
    answers = run_all(here, away)
    assert (answers[0] is None, answers[1]) == (False, None)
    assert away.route.stage == 1
    assert away.ledger.compute_ns == pytest.approx(together(2), abs=9)
    assert here.ledger.compute_ns == pytest.approx(together(2) + 2 * together(1), abs=9)


@pytest.mark.parametrize("unlike", [{"wire": "int8"}, {"batch": 3}, {"batch_wait_ms": 1.0}, {"priority": 1}])
def test_those_who_differ_in_what_the_plan_asks_are_in_no_batch_together(unlike: dict[str, object]) -> None:
    first, second = job(batch=2), job(**({"batch": 2} | unlike))
    second.sample = 0 if "wire" not in unlike else None
    if "wire" in unlike:
        with pytest.raises(Refused):  # there is no replay of that form, and its graph isn't there
            run_all(first, second)
    else:
        run_all(first, second)
        assert second.ledger.core_ns == second.ledger.compute_ns
    assert first.ledger.core_ns == first.ledger.compute_ns


def test_a_batch_waits_for_others_but_not_longer_than_it_may() -> None:
    first, second = job(batch=8, batch_wait_ms=40.0), job(batch=8, batch_wait_ms=40.0)

    async def body(runner: StageRunner, *_: object) -> None:
        begun = asyncio.create_task(runner.run(first))
        await asyncio.sleep(0.002)
        await asyncio.gather(begun, runner.run(second))

    use(body)
    assert first.ledger.compute_ns == second.ledger.compute_ns == pytest.approx(3 * together(2), abs=9)
    assert first.ledger.queue_ns >= 40 * MS > second.ledger.queue_ns


def test_a_full_batch_waits_no_more() -> None:
    jobs = [job(batch=2, batch_wait_ms=10_000.0) for _ in range(2)]
    run_all(*jobs)
    assert max(one.ledger.queue_ns for one in jobs) < 10_000 * MS


def test_a_request_that_asks_for_no_batch_is_never_kept_for_one() -> None:
    waits, alone = job(batch=8, batch_wait_ms=30.0), job()
    run_all(waits, alone)
    assert alone.ledger.queue_ns < 30 * MS <= waits.ledger.queue_ns
    assert alone.ledger.core_ns == alone.ledger.compute_ns == 30 * MS


def test_a_request_of_higher_priority_overtakes_the_queue() -> None:
    order: list[str] = []

    async def ask(runner: StageRunner, name: str, one: Job) -> None:
        await runner.run(one)
        order.append(name)

    async def body(runner: StageRunner, *_: object) -> None:
        held = asyncio.create_task(ask(runner, "held", job()))
        await asyncio.sleep(0)
        kinds = {
            "low": job(),
            "low batch": job(batch=2),
            "high": job(priority=1),
            "high batch": job(batch=2, priority=2),
        }
        await asyncio.gather(held, *(ask(runner, name, one) for name, one in kinds.items()))

    use(body)
    assert order == ["held", "high batch", "high", "low", "low batch"]


def test_who_is_past_its_deadline_when_the_core_comes_is_left_out_of_the_batch() -> None:
    late, good = job(batch=2), job(batch=2)
    late.deadline_ns = now_ns() - 1

    async def body(runner: StageRunner, *_: object) -> list[object]:
        return await asyncio.gather(runner.run(late), runner.run(good), return_exceptions=True)

    refused, answer = use(body)
    assert (refused.status, answer.exit) == (504, 2)
    assert good.ledger.compute_ns == pytest.approx(3 * together(1), abs=9)


def test_a_request_that_can_not_be_served_fails_alone() -> None:
    strange, good = job(99, batch=2, replayed=True), job(batch=2)

    async def body(runner: StageRunner, *_: object) -> list[object]:
        return await asyncio.gather(runner.run(strange), runner.run(good), return_exceptions=True)

    refused, answer = use(body)
    assert (refused.status, answer.exit) == (400, 2)


def test_the_queue_counts_requests_in_batches_and_refuses_when_it_is_full() -> None:
    async def body(runner: StageRunner, machine: Machine, _: Stats) -> tuple[int, list[object], int]:
        tasks = [asyncio.create_task(runner.run(job(batch=8 if k else 1))) for k in range(5)]
        await asyncio.sleep(0.001)
        waiting = machine.cores.queued
        return waiting, await asyncio.gather(*tasks, return_exceptions=True), machine.cores.queued

    waiting, outcomes, left = use(body, queue=3)
    assert (waiting, left) == (3, 0)
    assert [getattr(one, "status", 200) for one in outcomes] == [200, 200, 200, 200, 503]


def test_who_goes_away_leaves_the_others_in_the_batch() -> None:
    async def body(runner: StageRunner, machine: Machine, _: Stats) -> tuple[int, int]:
        stays, goes = job(batch=3, batch_wait_ms=20.0), job(batch=3, batch_wait_ms=20.0)
        tasks = [asyncio.create_task(runner.run(one)) for one in (goes, stays)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        await asyncio.wait(tasks)
        assert tasks[0].cancelled()
        return stays.ledger.compute_ns, machine.cores.queued

    compute_ns, queued = use(body)
    assert (compute_ns, queued) == (pytest.approx(3 * together(1), abs=9), 0)


def test_batches_are_counted() -> None:
    async def body(runner: StageRunner, _: Machine, stats: Stats) -> tuple[int, int, int]:
        await asyncio.gather(*(runner.run(job(batch=4)) for _ in range(6)), runner.run(job()))
        return stats.batches, stats.batched, stats.stage_calls

    assert use(body) == (2, 6, 21)
