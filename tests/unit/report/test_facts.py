"""What a report tells besides figures."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import telcoai.report
from telcoai.report import facts
from telcoai.report.changes import happenings
from telcoai.report.drawing import Drawing, drawing
from telcoai.report.run import Run
from telcoai.report.standings import stand


def runs_of(folder: Path) -> tuple[Run, ...]:
    return telcoai.report.load(folder).runs


def drawn(folder: Path) -> Drawing:
    experiment = telcoai.report.load(folder)
    return drawing(experiment, stand(experiment), happenings(experiment.runs))


def test_a_failed_check_stands_with_its_figure_and_bound(made_up: ModuleType, tmp_path: Path) -> None:
    made_up.make_experiment(tmp_path, made_up.MadeUp(strategies=("edge-only",), invalid=("edge-only-r1",)))
    judgement = facts.judge(runs_of(tmp_path)[0])
    assert not judgement.valid
    lag = judgement.checks[0]
    assert (lag.name, lag.figure, lag.bound, lag.ok) == ("driver lag p99", "7.5 ms", "2 ms", False)
    assert judgement.checks[1].figure == "0.10%"


def test_links_of_a_kind_stand_together_for_each_delay_asked(four: Path) -> None:
    _, rows = facts.links_seen(runs_of(four))
    kinds = [(row[0], row[1], row[2]) for row in rows]
    assert ("camera – edge (4)", "↑", "8 ms") in kinds
    assert ("camera – edge (4)", "↑", "60 ms") in kinds
    assert ("edge – cloud (1)", "↓", "15 ms") in kinds
    assert len(kinds) == 6


def test_links_as_verified_show_what_was_asked_beside_what_was_measured(four: Path) -> None:
    _, [row] = facts.links_verified(runs_of(four))
    assert row == ["camera-1 – edge", "16 ms", "16.40 ms", "50 Mbit/s", "49.6 Mbit/s", "50 Mbit/s", "49.5 Mbit/s"]


def test_plans_that_failed_are_counted_and_told(made_up: ModuleType, tmp_path: Path) -> None:
    path = made_up.make_run(tmp_path, made_up.MadeUp(), "edge-only", 1)
    lines = [
        {"time_s": 0.0, "status": "applied", "reason": "first", "duration_ms": 1.0, "error": ""},
        {"time_s": 4.0, "status": "raised", "reason": "", "duration_ms": 2.0, "error": "ZeroDivisionError: no"},
        {"time_s": 5.0, "status": "unchanged", "reason": "first", "duration_ms": 1.0, "error": ""},
    ]
    made_up.write_lines(path / "decisions.jsonl", lines)
    _, [row] = facts.decisions_made(runs_of(tmp_path))
    assert row[1:4] == ["1", "1", "1"]
    assert row[-1] == "-3 s: first; 1 s: raised: ZeroDivisionError: no"


def test_that_a_strategy_printed_is_told_once(made_up: ModuleType, tmp_path: Path) -> None:
    path = made_up.make_run(tmp_path, made_up.MadeUp(), "edge-only", 1)
    made = {"status": "unchanged", "reason": "first", "duration_ms": 1.0, "error": "", "printed": "thinking"}
    lines = [made | {"time_s": 0.0, "status": "applied"}, made | {"time_s": 1.0}, made | {"time_s": 2.0}]
    lines[1].pop("printed")
    made_up.write_lines(path / "decisions.jsonl", lines)
    _, [row] = facts.decisions_made(runs_of(tmp_path))
    assert row[-1] == "-3 s: first; what it printed in 2 decisions is in decisions.jsonl"


def test_provenance_holds_seed_versions_and_host(four: Path) -> None:
    told = dict(facts.provenance(runs_of(four)))
    assert told["seed of the scenario"] == "7"
    assert told["version of telcoai"] == "0.1.0"
    assert told["host: memory_bytes"] == "8.0 GiB"
    assert told["testbed"] == "made-up (4 device, 1 edge, 1 cloud)"
    assert facts.digests(runs_of(four)) == [("made-up.yaml", "ab" * 32)]


def test_the_replayed_share_is_said(four: Path) -> None:
    assert facts.replayed(runs_of(four)).startswith("25% of each run's stages were replayed")


def test_invalid_runs_are_drawn_only_when_there_is_no_other(made_up: ModuleType, tmp_path: Path) -> None:
    names = ("device-only", "edge-only")
    made_up.make_experiment(tmp_path / "one", made_up.MadeUp(strategies=names, invalid=("edge-only-r1",)))
    one = drawn(tmp_path / "one")
    assert ([series.label for series in one.series], one.counts) == (["device-only"], True)
    made_up.make_experiment(
        tmp_path / "none", made_up.MadeUp(strategies=names, invalid=("edge-only-r1", "device-only-r1"))
    )
    none = drawn(tmp_path / "none")
    assert none.series[0].label == "device-only-r1 (invalid)"
    assert not none.counts


def test_a_run_without_any_sample_still_gets_a_report(made_up: ModuleType, tmp_path: Path) -> None:
    path = made_up.make_run(tmp_path, made_up.MadeUp(), "edge-only", 1)
    for name in ("samples.parquet", "energy.parquet", "links.parquet", "decisions.jsonl", "events.jsonl"):
        (path / name).unlink()
    written = telcoai.report.write_report(tmp_path)
    assert written.summary["runs"][0]["requests"] == 0
    assert written.summary["runs"][0]["requirements_met"] is None
