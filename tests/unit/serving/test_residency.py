"""What a node's memory holds: stages come when they are asked for and go when they were used least recently."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from telcoai.serving.config import NodeConfig, StageConfig, VariantConfig, WorkloadConfig
from telcoai.serving.pacer import Pacer
from telcoai.serving.refusals import Refused
from telcoai.serving.residency import Residency, Shelf
from telcoai.serving.switchover import read_load

STAGES = (StageConfig(Path("0"), (1,)), StageConfig(Path("1"), ()))


def variant(name: str, sizes: tuple[int, int]) -> VariantConfig:
    return VariantConfig(name, "int8", 8, STAGES, ("run", "run"), None, None, sizes, (0.0, 0.0))


def config(memory: int | None) -> NodeConfig:
    workload = WorkloadConfig(10, (variant("a", (30, 30)), variant("b", (30, 30)), variant("c", (10, 10))))
    place = Path("/nowhere")
    fixed = ("edge", "edge", ("127.0.0.1", 0), place, place, 1, 8, {}, {"vision": "toy"}, {"toy": workload})
    return NodeConfig(*fixed, memory_bytes=memory)  # type: ignore[arg-type]


def loaded(residency: Residency) -> list[tuple[str, int]]:
    return [(name, stage) for name, stage in residency.document()["resident"]]


def run(memory: int | None, act: Callable[[Residency, list[str]], Coroutine[Any, Any, None]]) -> list[str]:
    """Act on a node's memory; what was opened and closed meanwhile."""
    seen: list[str] = []

    async def main() -> None:
        pacer = Pacer()
        shelf = Shelf(lambda v, s: seen.append(f"+{v}{s}"), lambda v, s: seen.append(f"-{v}{s}"))
        try:
            await act(Residency(config(memory), shelf, pacer), seen)
        finally:
            pacer.close()

    asyncio.run(main())
    return seen


A, B, C = ([(name, 0), (name, 1)] for name in "abc")


def test_stages_are_loaded_once() -> None:
    async def act(residency: Residency, _: list[str]) -> None:
        for _again in range(2):
            await residency.hold(A)
            residency.release(A)
        assert residency.document()["free"] == 40

    assert run(100, act) == ["+a0", "+a1"]


def test_the_least_recently_used_go_first() -> None:
    async def act(residency: Residency, _: list[str]) -> None:
        for keys in (A, C, A, B):
            await residency.hold(keys)
            residency.release(keys)
        assert loaded(residency) == [("a", 1), *B]

    assert run(100, act) == ["+a0", "+a1", "+c0", "+c1", "-c0", "+b0", "-c1", "-a0", "+b1"]


def test_what_is_in_use_goes_once_it_is_let_go_and_takes_nobody_new() -> None:
    async def act(residency: Residency, seen: list[str]) -> None:
        await residency.hold(A)
        waiting = asyncio.create_task(residency.hold(B))
        await asyncio.sleep(0.01)
        late = asyncio.create_task(residency.hold([("a", 0)]))
        await asyncio.sleep(0.01)
        assert not late.done(), "who comes late waits for its own stage to be loaded again"
        assert "-a0" not in seen
        residency.release(A)
        await waiting
        residency.release(B)
        await late

    assert run(60, act) == ["+a0", "+a1", "-a0", "+b0", "-a1", "+b1", "-b0", "+a0"]


def test_what_never_fits_is_refused() -> None:
    async def act(residency: Residency, _: list[str]) -> None:
        with pytest.raises(Refused, match="edge has no memory for stage 1 of a"):
            await residency.hold(A)

    run(50, act)


def test_old_and_new_stay_together_where_they_fit() -> None:
    async def act(residency: Residency, _: list[str]) -> None:
        await residency.prepare(A, [])
        assert await residency.prepare(B, keep=A)
        assert loaded(residency) == [*A, *B]

    run(120, act)


def test_nobody_is_made_to_wait_for_what_can_only_come_when_the_old_goes() -> None:
    async def act(residency: Residency, seen: list[str]) -> None:
        await residency.prepare(A, [])
        assert not await residency.prepare(B, keep=A)
        assert seen == ["+a0", "+a1"], "the old is there until devices have heard of it"
        await residency.hold(B)
        assert loaded(residency) == B

    run(70, act)


def test_where_memory_is_not_told_nothing_is_loaded_or_let_go() -> None:
    async def act(residency: Residency, _: list[str]) -> None:
        await residency.hold(A)
        residency.release(A)
        assert await residency.prepare(B, keep=A)
        assert residency.document() == {"resident": [], "free": None, "moved": []}

    assert run(None, act) == []


def test_a_load_names_stages_that_there_are() -> None:
    counts = {"a": 2}
    assert read_load(b'{"parameters": {"stages": [["a", 1]], "keep": []}}', counts) == ([("a", 1)], [])
    for wrong in (b"[]", b"{", b'{"parameters": {"stages": [["a", 2]]}}', b'{"parameters": {"stages": [["b", 0]]}}'):
        with pytest.raises(ValueError):
            read_load(wrong, counts)
