from __future__ import annotations

import asyncio
import time

import pytest

from telcoai.serving.cores import Cores
from telcoai.serving.pacer import Pacer
from telcoai.serving.refusals import Refused


def test_cores_go_to_those_who_wait_in_order() -> None:
    async def run() -> list[int]:
        cores, order = Cores(2, 10, "n"), []

        async def hold(number: int) -> None:
            taken = await cores.take()
            order.append(number)
            await asyncio.sleep(0.001)
            cores.give(taken, taken + 5)

        await asyncio.gather(*(hold(number) for number in range(8)))
        assert cores.busy_ns == 8 * 5
        assert cores.queued == 0
        return order

    assert asyncio.run(run()) == list(range(8))


def test_a_core_given_back_late_is_taken_from_when_it_was_due() -> None:
    async def run() -> None:
        cores = Cores(1, 10, "n")
        first = await cores.take()
        second = asyncio.create_task(cores.take())
        await asyncio.sleep(0)
        due = time.monotonic_ns() + 1_000_000
        cores.give(first, due)
        assert await second == due

    asyncio.run(run())


def test_nobody_takes_a_core_before_asking_for_it() -> None:
    async def run() -> None:
        cores = Cores(1, 10, "n")
        first = await cores.take()
        asked = time.monotonic_ns()
        second = asyncio.create_task(cores.take())
        await asyncio.sleep(0)
        cores.give(first, first)
        assert await second >= asked

    asyncio.run(run())


def test_a_full_queue_is_refused() -> None:
    async def run() -> None:
        cores = Cores(1, 1, "edge")
        first = await cores.take()
        waiting = asyncio.create_task(cores.take())
        await asyncio.sleep(0)
        with pytest.raises(Refused, match="queue full on edge") as refusal:
            await cores.take()
        assert refusal.value.status == 503
        cores.give(first, first)
        await waiting

    asyncio.run(run())


@pytest.mark.parametrize("is_given_first", [True, False])
def test_a_core_is_not_lost_with_a_cancelled_request(is_given_first: bool) -> None:
    async def run() -> None:
        cores = Cores(1, 5, "n")
        first = await cores.take()
        waiting = asyncio.create_task(cores.take())
        await asyncio.sleep(0)
        if is_given_first:
            cores.give(first, first)
            waiting.cancel()
        else:
            waiting.cancel()
            await asyncio.sleep(0)
            cores.give(first, first)
        await asyncio.gather(waiting, return_exceptions=True)
        assert cores.queued == 0
        await asyncio.wait_for(cores.take(), 1)

    asyncio.run(run())


def test_the_pacer_wakes_everyone_in_order_and_never_early() -> None:
    async def run() -> list[int]:
        pacer, woken, started = Pacer(), [], time.monotonic_ns()

        async def wait(ms: int) -> None:
            due = started + ms * 1_000_000
            await pacer.until(due, time.monotonic_ns())
            assert time.monotonic_ns() >= due
            woken.append(ms)

        await asyncio.gather(*(wait(ms) for ms in (30, 10, 20, 0, 10)))
        pacer.close()
        return woken

    assert asyncio.run(run()) == [0, 10, 10, 20, 30]


def test_the_pacer_goes_on_after_a_waiter_gave_up() -> None:
    async def run() -> None:
        pacer, now = Pacer(), time.monotonic_ns()
        gone = asyncio.create_task(pacer.until(now + 5_000_000, now))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait_for(pacer.until(now + 10_000_000, now), 2)
        pacer.close()

    asyncio.run(run())
