"""What a run's tables and checks are made of, also when the run ended before its time."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from telcoai.experiment.demand import DriverFiles, driver_config
from telcoai.experiment.finish import compute_accounted, due, scheduled, verdict, with_cut
from telcoai.experiment.matrix import RunKey
from telcoai.experiment.run import Outcome
from telcoai.load.rows import SCHEMA
from telcoai.orchestrator.figures import NodeFigures
from tests.places import small_scenario, small_workload

KEY = RunKey("a", 1, 5)


def figures(node: str, busy_core_ns: int) -> NodeFigures:
    raw: dict[str, Any] = {one.name: 0 for one in dataclasses.fields(NodeFigures)}
    return NodeFigures(**(raw | {"node": node, "busy_core_ns": busy_core_ns, "arrivals": {}, "latency_ms": {}}))


def outcome(busy: Mapping[str, int], **changes: Any) -> Outcome:
    scenario = small_scenario(warmup_s=3.0, duration_s=60.0)
    files = DriverFiles(Path("out.arrows"), Path("live.json"))
    configs = {
        f"vision.{device}": driver_config(scenario, scenario.services[0], device, KEY, small_workload(), files)
        for device in scenario.services[0].devices
    }
    after = {node: figures(node, ns) for node, ns in busy.items()}
    return Outcome(KEY, 0, "", configs, dict.fromkeys(busy), after, **changes)


def rows(*hops: tuple[str, str, int]) -> pd.DataFrame:
    """One row for each (device, node, compute_ns)."""
    return pd.DataFrame(
        [{"device": device, "hops": [{"node": node, "compute_ns": ns}]} for device, node, ns in hops],
        columns=["device", "hops"],
    )


def test_compute_that_no_row_reports_is_missing():
    assert compute_accounted(outcome({"edge": 100}), rows(("camera-1", "edge", 90))) == 0.9
    assert compute_accounted(outcome({"edge": 0}), rows()) == 1.0


def test_rows_of_which_no_runtime_counted_anything_have_no_figure():
    assert math.isnan(compute_accounted(outcome({"edge": 0}), rows(("camera-1", "edge", 90))))


def test_counters_lost_with_a_stopped_node_are_left_out():
    samples = rows(("camera-1", "edge", 500), ("camera-1", "cloud", 99))
    assert compute_accounted(outcome({"edge": 3, "cloud": 100}, stopped={"edge"}), samples) == 0.99


def test_nodes_that_served_a_stopped_device_are_left_out():
    samples = rows(("camera-1", "edge", 50), ("camera-2", "camera-2", 99))
    changes = {"stopped": {"camera-1"}, "cut": frozenset({"vision.camera-1"})}
    assert compute_accounted(outcome({"edge": 100, "camera-2": 100}, **changes), samples) == 0.99


def test_nothing_was_due_after_a_partial_run_had_ended():
    whole, ended = outcome({}), outcome({}, interrupted=True, ended_s=20.0)
    config = whole.configs["vision.camera-1"]
    assert list(due(config, whole)) == list(scheduled(config))
    assert 0 < due(config, ended).max() < 20e9


def test_a_partial_run_has_no_unfinished_rows_after_its_end():
    ended = outcome({}, error="edge is gone", ended_s=20.0, cut=frozenset({"vision.camera-1"}))
    samples = with_cut(SCHEMA.empty_table().to_pandas().assign(run="a-r1"), ended)
    assert 0 < samples.scheduled_ns.max() < 20e9


def test_an_error_makes_a_run_partial_and_is_named():
    facts = verdict((), outcome({}, error="edge is gone", ended_s=20.0))
    assert (facts["state"], facts["valid"]) == ("partial", False)
    assert facts["why_invalid"] == ["ended 20.0 s after its start: edge is gone"]
