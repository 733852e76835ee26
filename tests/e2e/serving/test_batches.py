"""Batches in real runtimes: real graphs, real connections."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import pytest

from tests.e2e.serving.asking import Reply, ask_samples, wait_ready
from tests.e2e.serving.tiny_family import SAMPLES, Runtime, assignment

Start = Callable[..., dict[str, Runtime]]
LONG_MS = 2000.0
"""Longer than eight requests take to come in; a full batch doesn't wait for it."""


def answers(replies: list[Reply]) -> list[tuple[int, int]]:
    return [(reply.prediction, reply.exit) for reply in replies]


@pytest.mark.parametrize("variant", ["small", "large"])
def test_a_batch_over_two_nodes_says_what_requests_alone_say(start: Start, variant: str) -> None:
    """The small variant's graphs are for one sample, the large one's for many."""
    runtimes = start({"camera-1": {}, "edge": {}}, cores=1)
    wait_ready(*runtimes.values())
    camera, edge = runtimes["camera-1"], runtimes["edge"]
    plan = assignment("camera-1", ["camera-1", "edge", "edge"], variant=variant, thresholds=[0.0, 0.4])
    camera.put_plan(plan)
    sure = [reply.document["outputs"][1]["data"][0] for reply in ask_samples(camera, range(SAMPLES), at_once=8)]
    plan["thresholds"][0] = statistics.median(sure)
    camera.put_plan(plan)
    alone = ask_samples(camera, range(SAMPLES), at_once=8)
    camera.put_plan(plan | {"batch": 8, "batch_wait_ms": 20.0})
    together = ask_samples(camera, range(SAMPLES), at_once=8)
    assert answers(together) == answers(alone)
    assert 0 < sum(reply.exit > 0 for reply in together) < SAMPLES
    figures = camera.ask("GET", "/stats")
    assert 1 <= figures["batches"] < figures["batched"] == SAMPLES
    went_on = sum(reply.exit > 0 for reply in together)
    assert edge.ask("GET", "/stats")["batched"] == went_on


def test_a_full_batch_holds_one_core_for_the_time_of_a_batch(start: Start) -> None:
    works = {"edge": {"stage_s": [0.02] * 3, "once_s": [0.012] * 3, "compute": "replay"}, "camera-1": {}}
    runtimes = start(works, cores=1)
    wait_ready(*runtimes.values())
    camera, edge = runtimes["camera-1"], runtimes["edge"]
    camera.put_plan(assignment("camera-1", ["edge"] * 3, batch=8, batch_wait_ms=LONG_MS))
    replies = ask_samples(camera, range(8), at_once=8)
    assert {reply.status for reply in replies} == {200}
    held_ns = 3 * (12 + 8 * 8) * 1_000_000
    assert [int(reply.hops[1]["c"]) for reply in replies] == pytest.approx([held_ns] * 8, abs=99)
    assert [int(reply.hops[1]["s"]) for reply in replies] == pytest.approx([held_ns / 8] * 8, abs=99)
    assert edge.ask("GET", "/stats")["busy_core_ns"] == pytest.approx(held_ns, abs=99)
    assert camera.ask("GET", "/plan")["assignments"][0]["batch"] == 8
