"""Changes are made in order, recorded, and their failures kept."""

from __future__ import annotations

import json
import threading
import time

import pytest

from telcoai.errors import LinkError
from telcoai.model.requirements import Requirements
from telcoai.model.scenario import Demand, DemandChange, LinkChange, NodeChange, RequirementsChange, ServiceChange
from telcoai.model.topology import LinkState
from telcoai.orchestrator.asked import Asked
from telcoai.orchestrator.clock import RunClock
from telcoai.orchestrator.journal import Journal
from telcoai.orchestrator.timeline import Timeline


class Recorder:
    def __init__(self, fail: bool = False) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.fail = fail

    def change_link(self, name, up, down):
        if self.fail:
            raise LinkError(f"{name} is gone")
        self.calls.append((name, up.delay_ms, down.delay_ms))

    def change_node(self, name, state):
        self.calls.append((name, state))


SLOW = LinkState(60.0)
CHANGES = (
    NodeChange(0.02, "edge", "stopped"),
    LinkChange(0.01, (("camera-1--edge", SLOW, SLOW),)),
    RequirementsChange(0.03, "vision", Requirements(deadline_ms=80.0)),
    DemandChange(0.04, "vision", Demand("poisson", 9.0)),
    ServiceChange(0.05, "vision", "departs"),
)


def play(changes, recorder, tmp_path):
    asked = Asked()
    timeline = Timeline(changes, 0.05, recorder, asked)
    timeline.play(RunClock(time.monotonic_ns()), Journal(tmp_path))
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    return timeline, asked, events


def test_changes_happen_in_the_order_of_their_times(tmp_path):
    recorder = Recorder()
    _, asked, events = play(CHANGES, recorder, tmp_path)
    assert recorder.calls == [("camera-1--edge", 60.0, 60.0), ("edge", "stopped")]
    assert asked == Asked({"vision": Requirements(deadline_ms=80.0)}, {"vision"})
    assert [event["kind"] for event in events] == ["link", "node", "requirements", "demand", "service"]


def test_an_event_carries_when_it_was_asked_and_when_it_was_real(tmp_path):
    _, _, events = play(CHANGES[:1], Recorder(), tmp_path)
    assert events[0]["at_s"] == 0.07
    assert events[0]["real_s"] >= 0.07
    assert events[0]["what"] == {"node": "edge", "state": "stopped"}


def test_a_change_that_fails_is_kept(tmp_path):
    timeline, _, events = play(CHANGES[1:2], Recorder(fail=True), tmp_path)
    assert timeline.failures == ["link at 0.01 s: camera-1--edge is gone"]
    assert len(events) == 1


def test_a_stopped_clock_ends_the_timeline(tmp_path):
    clock = RunClock(time.monotonic_ns())
    clock.stopped.set()
    recorder = Recorder()
    Timeline([NodeChange(100.0, "edge", "stopped")], 0.0, recorder, Asked()).play(clock, Journal(tmp_path))
    assert recorder.calls == []


@pytest.mark.parametrize("error", [LinkError("gone"), TimeoutError("gone"), OSError("gone"), KeyError("gone")])
def test_whatever_fails_is_kept_and_later_changes_still_happen(error, tmp_path):
    recorder = Recorder()

    def fail(name, up, down):
        raise error

    recorder.change_link = fail
    timeline, _, events = play(CHANGES[:2], recorder, tmp_path)
    assert len(timeline.failures) == 1
    assert "gone" in timeline.failures[0]
    assert recorder.calls == [("edge", "stopped")]
    assert len(events) == 2


def clock_at(second: float) -> RunClock:
    return RunClock(time.monotonic_ns() - int(second * 1e9))


def test_a_change_made_too_late_has_failed(tmp_path):
    timeline = Timeline([NodeChange(1.0, "edge", "stopped")], 0.0, Recorder(), Asked())
    timeline.play(clock_at(9.0), Journal(tmp_path))
    assert "node at 1 s: made 8.0" in timeline.failures[0]


def test_a_change_that_was_due_when_the_run_ended_has_failed(tmp_path):
    clock = clock_at(9.0)
    clock.stopped.set()
    timeline = Timeline(
        [NodeChange(1.0, "edge", "stopped"), NodeChange(99.0, "edge", "running")], 0.0, Recorder(), Asked()
    )
    timeline.play(clock, Journal(tmp_path))
    assert timeline.failures == ["node at 1 s: not made before the run ended"]


class SlowStart(Recorder):
    """A node is ready once a link has changed; with the start in the way of the link it never would be."""

    def __init__(self, slow: str) -> None:
        super().__init__()
        self.slow = slow
        self.changed = threading.Event()

    def change_link(self, name, up, down):
        super().change_link(name, up, down)
        self.changed.set()

    def change_node(self, name, state):
        if state == self.slow and not self.changed.wait(30):
            raise TimeoutError(f"{name} is not ready")
        super().change_node(name, state)


@pytest.mark.parametrize("slow", ["running", "killed"])
def test_a_node_that_takes_long_to_start_delays_no_other_change(slow, tmp_path):
    changes = (
        NodeChange(0.01, "edge", slow),
        LinkChange(0.02, (("camera-1--edge", SLOW, SLOW),)),
        NodeChange(0.03, "edge", "stopped"),
    )
    recorder = SlowStart(slow)
    timeline, _, events = play(changes, recorder, tmp_path)
    assert timeline.failures == []
    assert recorder.calls == [("camera-1--edge", 60.0, 60.0), ("edge", slow), ("edge", "stopped")]
    assert len(events) == 3


def test_a_start_that_fails_is_kept(tmp_path):
    recorder = Recorder()

    def fail(name, state):
        raise TimeoutError(f"{name} is not ready")

    recorder.change_node = fail
    timeline, _, _ = play([NodeChange(0.01, "edge", "running")], recorder, tmp_path)
    assert timeline.failures == ["node at 0.01 s: TimeoutError: edge is not ready"]
