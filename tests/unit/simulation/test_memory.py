"""Stages come and go on simulated nodes as in a runtime."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.simulation.events import Events, Process
from telcoai.simulation.memory import Catalogue, Key, NoRoom, SimulatedMemory

KEYS = [(name, stage) for name in "abc" for stage in range(2)]


def node(memory: int | None) -> tuple[SimulatedMemory, Events]:
    events = Events()
    return SimulatedMemory(Catalogue(memory, dict.fromkeys(KEYS, 10), dict.fromkeys(KEYS, 0.5)), events), events


def used(memory: SimulatedMemory, events: Events, keys: Sequence[Key], seconds: float, done: list[float]) -> Process:
    yield from memory.hold(keys)
    yield events.now_s + seconds
    memory.release(keys)
    done.append(events.now_s)


def test_a_request_waits_for_its_stages_one_after_the_other() -> None:
    memory, events = node(100)
    done: list[float] = []
    events.start(used(memory, events, KEYS[:2], 0.1, done))
    events.run(5)
    assert done == [pytest.approx(1.1)]
    assert [(one.kind, one.ms) for one in memory.moved] == [("loaded", 500), ("loaded", 500)]


def test_a_stage_in_use_goes_when_it_is_let_go() -> None:
    memory, events = node(20)
    done: list[float] = []
    memory.fill(KEYS[:2])
    events.start(used(memory, events, KEYS[:2], 2.0, done))
    events.start(used(memory, events, KEYS[2:4], 0.1, done))
    events.run(9)
    assert done == [pytest.approx(2.0), pytest.approx(3.1, abs=0.01)]
    assert memory.resident == tuple(KEYS[2:4])


@pytest.mark.parametrize(("room", "answers", "at_s"), [(40, [True], 1.0), (30, [False], 0.0)])
def test_the_old_serves_while_the_new_is_loaded_if_memory_holds_both(
    room: int, answers: list[bool], at_s: float
) -> None:
    memory, events = node(room)
    memory.fill(KEYS[:2])
    found: list[bool] = []
    times: list[float] = []

    def answer(is_loaded: bool) -> None:
        found.append(is_loaded)
        times.append(events.now_s)

    memory.prepare(KEYS[2:4], KEYS[:2], answer)
    events.run(9)
    assert (found, times) == (answers, [pytest.approx(at_s)])
    assert set(KEYS[2:4]) <= set(memory.resident)


def test_what_never_fits_is_told() -> None:
    memory, events = node(10)

    def asks(act: Callable[[], None]) -> Process:
        try:
            yield from memory.hold(KEYS[:2])
        except NoRoom:
            act()

    told: list[bool] = []
    events.start(asks(lambda: told.append(True)))
    events.run(5)
    assert told == [True]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 3)), max_size=12), st.integers(20, 60))
def test_memory_is_never_overfull_and_everybody_is_served(asked: list[tuple[str, float]], room: int) -> None:
    memory, events = node(room)
    done: list[float] = []
    for name, at_s in asked:
        keys = [(name, 0), (name, 1)]
        events.at(at_s, lambda keys=keys: events.start(used(memory, events, keys, 0.2, done)))  # type: ignore[misc]
    for tick in range(200):
        events.run(tick / 2)
        assert memory.free is not None
        assert memory.free >= 0
    assert len(done) == len(asked)
