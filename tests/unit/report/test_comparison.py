"""The comparison, its sentence, and what is left out of it."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import telcoai.report
from telcoai.report.comparison import Comparison, compare
from telcoai.report.sentence import Lead, lead_of
from telcoai.report.standings import stand


def compared(folder: Path) -> Comparison:
    experiment = telcoai.report.load(folder)
    return compare(experiment, stand(experiment))


def test_the_link_change_moves_the_lead_and_the_sentence_says_so(four: Path) -> None:
    sentence = compared(four).sentence
    assert "edge-only and latency-greedy share the lowest p95 latency before the link change" in sentence
    assert "device-only after it" in sentence
    assert "no strategy is best in both" in sentence
    assert "requests failed under cloud-only" in sentence
    assert sentence.count(".") >= 1
    assert sentence.endswith(".")


def test_every_figure_names_its_source_or_is_a_plain_count(four: Path) -> None:
    for column in compared(four).columns:
        assert column.source or column.key in ("requests", "errors", "plans_changed")
        if "energy" in column.title:
            assert column.source == "model"


def test_one_best_figure_a_column_at_most(four: Path) -> None:
    comparison = compared(four)
    for k, column in enumerate(comparison.columns):
        best = [row.cells[k].value for row in comparison.rows if row.cells[k].best]
        assert len(best) <= 1
        if best and column.better:
            pick = min if column.better == "low" else max
            assert best[0] == pick(row.cells[k].value for row in comparison.rows)


def test_one_repetition_says_that_there_is_no_interval(four: Path) -> None:
    assert any(note.startswith("One repetition: no interval") for note in compared(four).notes)


def test_several_repetitions_show_the_median_and_the_range(made_up: ModuleType, tmp_path: Path) -> None:
    made_up.make_experiment(tmp_path, made_up.MadeUp(strategies=("device-only", "edge-only"), repetitions=3))
    comparison = compared(tmp_path)
    k = [column.key for column in comparison.columns].index("p95")
    frame = telcoai.report.load(tmp_path).summary().query("strategy == 'edge-only'")["latency_ms_p95"]
    cell = comparison.rows[1].cells[k]
    assert (cell.text, cell.range) == (f"{frame.median():.1f}", f"{frame.min():.1f}–{frame.max():.1f}")
    assert any(note.startswith("Several repetitions: median") for note in comparison.notes)


def test_an_invalid_run_is_left_out_and_named(made_up: ModuleType, tmp_path: Path) -> None:
    made_up.make_experiment(tmp_path, made_up.MadeUp(invalid=("edge-only-r1",)))
    comparison = compared(tmp_path)
    row = next(row for row in comparison.rows if row.strategy == "edge-only")
    assert row.runs == "0 of 1"
    assert {cell.text for cell in row.cells} == {"–"}
    assert "edge-only" not in comparison.sentence
    assert comparison.ranking.ranking is not None
    assert "edge-only" not in comparison.ranking.ranking.order
    assert any("edge-only-r1 is left out: invalid (driver lag" in note for note in comparison.notes)


def test_with_no_valid_run_there_is_nothing_to_compare(made_up: ModuleType, tmp_path: Path) -> None:
    names = ("device-only", "edge-only")
    invalid = tuple(f"{name}-r1" for name in names)
    made_up.make_experiment(tmp_path, made_up.MadeUp(strategies=names, invalid=invalid))
    comparison = compared(tmp_path)
    assert comparison.sentence.startswith("No run is valid, so there is nothing to compare")
    assert not comparison.ranking.survives


def test_one_strategy_is_told_by_itself(made_up: ModuleType, tmp_path: Path) -> None:
    made_up.make_experiment(tmp_path, made_up.MadeUp(strategies=("edge-only",)))
    comparison = compared(tmp_path)
    assert comparison.sentence.startswith("edge-only: p95 latency ")
    assert not any(cell.best for row in comparison.rows for cell in row.cells)


def test_a_run_of_another_scenario_is_refused_and_the_difference_named(made_up: ModuleType, tmp_path: Path) -> None:
    made_up.make_run(tmp_path, made_up.MadeUp(), "edge-only", 1)
    made_up.make_run(tmp_path, made_up.MadeUp(duration_s=12.0), "device-only", 2)
    comparison = compared(tmp_path)
    assert any(
        note.startswith("edge-only-r1 is left out: unlike device-only-r2") and "scenario.duration_s" in note
        for note in comparison.notes
    )


def test_the_energy_ranking_says_which_pairs_may_swap(four: Path) -> None:
    ranking = compared(four).ranking
    assert ranking.ranking is not None
    assert ranking.ranking.order[0] == "device-only"
    assert not ranking.survives
    assert "cloud-only and edge-only may swap" in ranking.sentence


def test_strategies_as_close_as_two_equal_runs_lead_together() -> None:
    assert lead_of({"a": 1.0, "b": 1.04, "c": 2.0}, 0.05) == Lead(("a", "b"), 1.0, "c", 2.0)
    assert lead_of({"a": float("nan")}, 0.05) is None


def test_a_run_whose_testbed_is_of_another_form_has_no_ranking(made_up: ModuleType, tmp_path: Path) -> None:
    path = made_up.make_run(tmp_path, made_up.MadeUp(), "edge-only", 1) / "run.json"
    facts = json.loads(path.read_text())
    facts["testbed"].pop("profiles")
    path.write_text(json.dumps(facts))
    assert "unknown" in compared(tmp_path).ranking.sentence


def test_who_drops_requests_leads_in_no_latency_or_energy_figure(made_up: ModuleType, tmp_path: Path) -> None:
    strategies = ("device-only", "cloud-only")
    made_up.make_experiment(tmp_path, made_up.MadeUp(strategies=strategies, errors={"device-only": 0.4}))
    comparison = compared(tmp_path)
    dropping = comparison.rows[0]
    assert comparison.columns[1].key == "p95"
    assert dropping.cells[1].value < comparison.rows[1].cells[1].value
    assert not any(c.best for c, column in zip(dropping.cells, comparison.columns, strict=True) if column.unit)
    assert comparison.sentence.startswith("cloud-only has the lowest p95 latency before")
    assert any("Too many requests failed" in note and "device-only" in note for note in comparison.notes)


def test_a_bound_alone_is_compared_with_nobody(made_up: ModuleType, tmp_path: Path) -> None:
    made_up.make_experiment(tmp_path, made_up.MadeUp(strategies=("edge-only",), foresees=("edge-only",)))
    assert compared(tmp_path).sentence == "Only a bound has a valid run, so there is nothing to compare."
