"""Requirements of a scenario that nobody can meet: when, by whom, where they stand, and in which words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from telcoai.experiment.attainable import unmet
from telcoai.experiment.shortages import shortages
from telcoai.spec import load_scenario, scenarios_in

WRITTEN = """\
apiVersion: telcoai/v1alpha1
kind: Scenario
metadata: {name: tight}
spec:
  testbed: quickstart
  services:
    - name: vision
      workload: efficientnet-lite
      demand: {arrival: poisson, rate: 10/s}
      requirements: %s
  timeline:
%s
  strategies: [edge-only]
  duration: 20s
"""


def written(folder: Path, requirements: str, *events: str) -> Path:
    path = folder / "tight.yaml"
    path.write_text(WRITTEN % (requirements, "\n".join(f"    - {{{one}}}" for one in events) or "    []"))
    return path


def told(path: Path) -> list[str]:
    (marked,) = scenarios_in(path)
    return [one.line.removeprefix(f"{path}:") for one in shortages(marked)]


def least_ms(folder: Path, asked: str) -> float:
    """Of the first device, under requirements that ask for next to no latency."""
    first = unmet(load_scenario(written(folder, asked)))[0].nearest["camera-1"]
    assert first is not None
    return first.tail_ms


def test_a_link_that_gets_slow_says_from_when_on_and_the_least(tmp_path: Path) -> None:
    deadline_ms = round(least_ms(tmp_path, "{latency: {p99: 1ms}}") + 5)
    slow = "at: 11s, link: [camera-2, edge], delay: 20ms"
    (line,) = told(written(tmp_path, f"{{latency: {{p99: {deadline_ms}ms}}}}", slow))
    assert line.startswith(
        f"10:31: warning: vision: p99 of {deadline_ms} ms can't be met by camera-2 from 11 s on, even without load: "
    )
    assert "the least is " in line
    assert line.endswith(", lite0-128-int8)")


def test_what_can_be_had_each_alone_is_told_together(tmp_path: Path) -> None:
    deadline_ms = round(least_ms(tmp_path, "{latency: {p95: 1ms}}") + 1)
    (line,) = told(written(tmp_path, f"{{latency: {{p95: {deadline_ms}ms}}, accuracy: {{min: 0.95}}}}"))
    who = "camera-1, camera-2, camera-3 and camera-4"
    assert f"p95 of {deadline_ms} ms at accuracy ≥ 0.95 can't be met by {who}, even" in line


def test_the_place_is_that_of_the_requirement_in_force(tmp_path: Path) -> None:
    stricter = "at: 5s, service: vision, requirements: {latency: {p95: 10ms}}"
    looser = "at: 8s, service: vision, requirements: {latency: {p95: 500ms}}"
    path = written(tmp_path, "{latency: {p95: 500ms}}", stricter, looser)
    (line,) = told(path)
    assert line.startswith("12:")
    assert " from 5 s until 8 s" in line


def test_what_goes_on_through_other_changes_is_told_once(tmp_path: Path) -> None:
    path = written(tmp_path, "{accuracy: {min: 0.99}}", "at: 5s, link: [camera, edge], delay: 30ms")
    (line,) = told(path)
    assert "accuracy ≥ 0.99 can't be met by" in line
    assert "from" not in line
    assert ": the most is 0.9" in line


def test_a_device_that_is_stopped_asks_for_nothing(tmp_path: Path) -> None:
    stopped = "at: 5s, node: camera-1, state: stopped"
    path = written(tmp_path, "{latency: {p95: 10ms}}", stopped)
    first, second = unmet(load_scenario(path))
    assert (first.until_s, second.from_s) == (5.0, 5.0)
    assert set(first.nearest) - set(second.nearest) == {"camera-1"}


def test_without_its_edge_a_device_has_the_least_of_its_own(tmp_path: Path) -> None:
    deadline_ms = round(least_ms(tmp_path, "{latency: {p95: 1ms}}") + 5)
    asked = f"{{latency: {{p95: {deadline_ms}ms}}}}"
    (line,) = told(written(tmp_path, asked, "at: 5s, node: edge, state: stopped"))
    assert "from 5 s on" in line
    assert "(device, " in line


@pytest.mark.parametrize(
    "arrival", ["ramp, rate: 1/s, to: 9/s, over: 5s", "diurnal, rate: 5/s, period: 9s, amplitude: 1"]
)
def test_joules_are_those_at_the_highest_rate(tmp_path: Path, arrival: str) -> None:
    path = written(tmp_path, "{latency: {p95: 60ms}, energy: {per_request: 0.01J}}")
    joules = []
    for demand in (f"arrival: {arrival}", "arrival: constant, rate: 9/s", "arrival: constant, rate: 10/s"):
        path.write_text(path.read_text().replace("arrival: poisson, rate: 10/s", demand))
        joules.append([one.joules for each in unmet(load_scenario(path)) for one in each.nearest.values() if one])
        path.write_text(path.read_text().replace(demand, "arrival: poisson, rate: 10/s"))
    assert joules[0] == joules[1 if "ramp" in arrival else 2]


@pytest.mark.parametrize("name", ["quickstart", "city", "driving-assistance", "augmented-reality", "video-analytics"])
def test_what_ships_asks_for_nothing_in_vain(name: str) -> None:
    assert unmet(load_scenario(name)) == []


def test_devices_that_are_further_from_it_say_by_how_much(tmp_path: Path) -> None:
    path = written(tmp_path, "{latency: {p95: 10ms}}", "at: 0s, link: [camera-4, edge], delay: 20ms")
    (line,) = told(path)
    first, last = re.findall(r"([0-9.]+) ms", line.split("the least is ")[1])
    assert float(first) < float(last)
