"""Reading run folders."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import telcoai.report
from telcoai.errors import InputError


def test_an_experiment_has_all_runs_in_the_order_of_the_scenario(four: Path, made_up: ModuleType) -> None:
    experiment = telcoai.report.load(four)
    assert [run.strategy for run in experiment.runs] == list(made_up.STRATEGIES)
    assert experiment.name == "made-up"


@pytest.mark.parametrize("frame", ["samples", "hops", "energy", "links", "decisions", "events"])
def test_every_frame_names_run_strategy_and_repetition(four: Path, frame: str) -> None:
    rows = getattr(telcoai.report.load(four), frame)
    assert list(rows.columns[:3]) == ["run", "strategy", "repetition"]
    assert rows["run"].nunique() == 4


def test_one_run_folder_can_be_read_by_itself(four: Path) -> None:
    experiment = telcoai.report.load(four / "edge-only-r1")
    assert [run.name for run in experiment.runs] == ["edge-only-r1"]
    assert len(experiment.summary()) == 1


def test_hops_have_a_row_for_each_node_of_each_request(four: Path) -> None:
    run = telcoai.report.load(four / "edge-only-r1").runs[0]
    first = run.hops[run.hops["request_id"] == 0].query("device == 'camera-1'")
    assert list(first["node"]) == ["camera-1", "edge"]
    assert list(first["position"]) == [0, 1]


def test_a_killed_run_is_read_from_what_its_drivers_wrote(four: Path, tmp_path: Path) -> None:
    killed = _killed(four, tmp_path)
    run = telcoai.report.load(tmp_path).runs[0]
    assert run.state == "running"
    assert not run.valid
    assert len(run.samples) == pq.read_table(four / killed.name / "samples.parquet").num_rows
    assert run.samples["energy_j"].isna().all()
    assert run.energy.empty


def test_a_killed_run_gets_a_report_that_says_so(four: Path, tmp_path: Path) -> None:
    _killed(four, tmp_path)
    written = telcoai.report.write_report(tmp_path)
    [row] = written.summary["runs"]
    assert row["why_invalid"] == ["the run has not ended"]
    assert row["energy_j_per_request"] is None
    assert row["latency_ms"]["p95"] > 0
    assert "No run is valid" in written.html.read_text()


def _killed(four: Path, folder: Path) -> Path:
    """A run as a kill leaves it: streams of drivers, a line cut in the middle, no tables."""
    path = folder / "edge-only-r1"
    shutil.copytree(four / "edge-only-r1", path)
    table = pq.read_table(path / "samples.parquet").drop_columns(["energy_j"])
    (path / "load").mkdir()
    with (
        pa.OSFile(str(path / "load" / "vision.camera-1.arrows"), "wb") as sink,
        pa.ipc.new_stream(sink, table.schema) as w,
    ):
        w.write_table(table)
    for name in ("samples", "energy", "links"):
        (path / f"{name}.parquet").unlink()
    with (path / "decisions.jsonl").open("a") as file:
        file.write('{"time_s": 3.0, "sta')
    facts = json.loads((path / "run.json").read_text())
    facts |= {"state": "running", "valid": False, "why_invalid": ["the run has not ended"], "checks": []}
    for name in ("started", "replayed_share"):
        facts.pop(name)
    (path / "run.json").write_text(json.dumps(facts))
    return path


def test_a_folder_without_runs_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"neither run\.json nor") as caught:
        telcoai.report.load(tmp_path)
    assert "telcoai bench" in caught.value.hint


def test_a_folder_of_experiments_names_them(four: Path) -> None:
    with pytest.raises(InputError) as caught:
        telcoai.report.load(four.parent)
    assert "made-up" in caught.value.hint


def test_a_folder_that_is_not_there_is_wrong_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        telcoai.report.load(tmp_path / "nothing")


def test_a_broken_run_json_beside_good_ones_is_an_invalid_run(four: Path, tmp_path: Path) -> None:
    shutil.copytree(four / "edge-only-r1", tmp_path / "edge-only-r1")
    (tmp_path / "broken-r1").mkdir()
    (tmp_path / "broken-r1" / "run.json").write_text('{"run": ')
    experiment = telcoai.report.load(tmp_path)
    states = {run.path.name: (run.state, run.valid) for run in experiment.runs}
    assert states == {"edge-only-r1": ("complete", True), "broken-r1": ("unreadable", False)}
    telcoai.report.write_report(tmp_path)


def test_only_broken_runs_are_wrong_input(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "run.json").write_text("[]")
    with pytest.raises(InputError, match="no run can be read"):
        telcoai.report.load(tmp_path)
