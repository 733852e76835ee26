"""The simulated clock and cores, against arithmetic that can be done by hand."""

from __future__ import annotations

import random
import statistics

import pytest

from telcoai.simulation.events import Cores, Events, Process


def hold(cores: Cores, events: Events, seconds: float, seen: list[float]) -> Process:
    asked_s = events.now_s
    yield from cores.take()
    seen.append(events.now_s - asked_s)
    yield events.now_s + seconds
    cores.give(seconds)


def test_what_is_due_comes_in_order_and_at_once_in_the_order_asked() -> None:
    events, seen = Events(), []
    for time_s, name in ((2.0, "late"), (1.0, "first"), (1.0, "second"), (9.0, "never")):
        events.at(time_s, lambda name=name: seen.append((events.now_s, name)))
    events.run(5.0)
    assert seen == [(1.0, "first"), (1.0, "second"), (2.0, "late")]
    assert events.now_s == 5.0


def test_cores_are_given_first_come_first_served() -> None:
    events, waits = Events(), []
    cores = Cores(2, events)
    for _ in range(5):
        events.start(hold(cores, events, 1.0, waits))
    assert cores.queued == 3
    events.run(10.0)
    assert waits == [0.0, 0.0, 1.0, 1.0, 2.0]
    assert cores.busy_s == 5.0


def test_the_mean_wait_is_that_of_pollaczek_and_khinchine() -> None:
    events, waits, draw = Events(), [], random.Random(3)
    cores, at_s, service_s, rate = Cores(1, events), 0.0, 0.01, 70.0
    for _ in range(40_000):
        at_s += draw.expovariate(rate)
        events.at(at_s, lambda: events.start(hold(cores, events, service_s, waits)))
    events.run(at_s + 10)
    load = rate * service_s
    assert statistics.fmean(waits) == pytest.approx(load * service_s / (2 * (1 - load)), rel=0.05)
