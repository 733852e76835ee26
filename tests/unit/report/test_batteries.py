"""Batteries as run.json tells of them, and windows by weight."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import ModuleType

import pytest

from telcoai.report.batteries import first_empty_s, least_left, lives_s, shortest_life_s
from telcoai.report.requirements import services_met, weighted_met
from telcoai.report.run import Run, read_run

FULL = {"capacity_j": 200.0, "start_j": 100.0, "left_j": 90.0, "empty_s": None, "read_s": 20.0}
EMPTY = {"capacity_j": 100.0, "start_j": 50.0, "left_j": 0.0, "empty_s": 10.0, "read_s": 11.0}


def changed(made_up: ModuleType, folder: Path, facts: dict, **requirements: object) -> Run:
    """A run of two services, with other facts and requirements of the first."""
    path = made_up.make_run(folder, made_up.MadeUp(second="audio"), "device-only", 1)
    known = json.loads((path / "run.json").read_text()) | facts
    known["scenario"]["services"][0]["requirements"] |= requirements
    (path / "run.json").write_text(json.dumps(known))
    return read_run(path)


def test_lives_are_those_at_the_mean_power_of_the_run(made_up: ModuleType, tmp_path: Path) -> None:
    run = changed(made_up, tmp_path, {"batteries": {"camera-1": FULL, "camera-2": EMPTY}})
    assert lives_s(run) == {"camera-1": pytest.approx(200.0), "camera-2": pytest.approx(10.0)}
    assert (shortest_life_s(run), least_left(run)) == (pytest.approx(10.0), 0.0)
    assert first_empty_s(run) == pytest.approx(10.0 - run.warmup_s)


def test_what_gave_nothing_lasts_for_ever_and_without_batteries_there_is_no_figure(
    made_up: ModuleType, tmp_path: Path
) -> None:
    idle = changed(made_up, tmp_path / "a", {"batteries": {"camera-1": FULL | {"left_j": 100.0}}})
    assert (shortest_life_s(idle), first_empty_s(idle)) == (math.inf, math.inf)
    without = changed(made_up, tmp_path / "b", {})
    assert all(math.isnan(figure(without)) for figure in (shortest_life_s, first_empty_s, least_left))


@pytest.mark.parametrize(("lasts_s", "kept"), [(9.0, True), (11.0, False)])
def test_a_lifetime_is_kept_or_missed_all_the_time(
    lasts_s: float, kept: bool, made_up: ModuleType, tmp_path: Path
) -> None:
    asked = {"deadline_ms": None, "accuracy_min": None, "energy_per_request_j": None, "lasts_s": lasts_s}
    run = changed(made_up, tmp_path, {"batteries": {"camera-2": EMPTY}}, **asked)
    events = run.path / "events.jsonl"
    events.write_text("".join(line for line in events.read_text().splitlines(True) if '"requirements"' not in line))
    first = run.scenario["services"][0]["name"]
    assert services_met(read_run(run.path))[first] == float(kept)


def test_weights_decide_what_a_missed_service_costs(made_up: ModuleType, tmp_path: Path) -> None:
    asked = {"deadline_ms": 1e-6, "weight": 1.0}
    light = changed(made_up, tmp_path / "a", {}, **asked)
    heavy = changed(made_up, tmp_path / "b", {}, **(asked | {"weight": 9.0}))
    assert weighted_met(heavy) < weighted_met(light)
