"""summary.json and summary.csv."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import telcoai.report
from telcoai.report.summary import percentiles, summarise, to_csv

KEYS = [
    "strategy",
    "repetition",
    "valid",
    "why_invalid",
    "requests",
    "errors",
    "dropped",
    "model_loads",
    "loading_s",
    "latency_ms",
    "tail_ms",
    "tail_of_deadline",
    "accuracy",
    "effective_accuracy",
    "energy_j_per_request",
    "energy_j_total",
    "joules_per_correct_on_time",
    "requirements_met",
    "services_met",
    "domains_met",
    "weighted_met",
    "closed_used_by_others",
    "charge_left_least",
    "first_empty_s",
    "shortest_life_s",
    "fairness_services",
    "fairness_devices",
    "until_met_again_s",
    "plans_decided",
    "plans_changed",
    "switches_per_device",
    "meter",
    "how",
    "folder",
]


def test_summary_json_has_exactly_the_keys_agreed(four: Path, tmp_path: Path) -> None:
    summary = _written(four, tmp_path)
    assert list(summary) == ["experiment", "runs", "leaderboard", "differences", "services"]
    for row in summary["runs"]:
        assert list(row) == KEYS
        assert list(row["latency_ms"]) == ["p50", "p90", "p95", "p99", "max"]


def _written(four: Path, tmp_path: Path) -> dict:
    shutil.copytree(four, tmp_path / "made-up")
    telcoai.report.write_report(tmp_path / "made-up")
    return json.loads((tmp_path / "made-up" / "summary.json").read_text())


def test_figures_come_from_scored_samples_alone(four: Path) -> None:
    run = next(run for run in telcoai.report.load(four).runs if run.strategy == "cloud-only")
    rows = [row for row in run.samples.to_dict("records") if not row["warmup"]]
    answered = [row for row in rows if row["status"] == "200"]
    good = [row for row in answered if row["correct"] and row["on_time"]]
    energy_j = sum(row["energy_j"] for row in rows)
    summary = summarise(run)
    assert summary.requests == len(rows)
    assert summary.errors == len(rows) - len(answered) > 0
    assert summary.accuracy == sum(row["correct"] for row in answered) / len(answered)
    assert summary.effective_accuracy == len(good) / len(rows)
    assert summary.energy_j_per_request == pytest.approx(energy_j / len(rows))
    assert summary.joules_per_correct_on_time == pytest.approx(energy_j / len(good))
    assert summary.energy_j_total == pytest.approx(run.energy["energy_j"].sum())


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300))
def test_percentiles_are_measured_values_by_nearest_rank(values: list[float]) -> None:
    ordered = sorted(values)
    found = percentiles(np.array(values))
    for share, mark in ((50, found.p50), (90, found.p90), (95, found.p95), (99, found.p99), (100, found.max)):
        assert mark == ordered[math.ceil(share * len(ordered) / 100) - 1]


def test_without_answers_percentiles_are_not_a_number() -> None:
    assert math.isnan(percentiles(np.array([])).p95)


def test_csv_holds_the_same_figures(four: Path) -> None:
    runs = [summarise(run) for run in telcoai.report.load(four).runs]
    rows = list(csv.DictReader(io.StringIO(to_csv(runs))))
    assert [float(row["latency_ms_p95"]) for row in rows] == [run.latency_ms.p95 for run in runs]
    assert [row["folder"] for row in rows] == [run.folder for run in runs]
