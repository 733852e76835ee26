"""The leaderboard of whole experiments, read off run folders."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from pathlib import Path
from types import ModuleType

import pytest

import telcoai.report
from telcoai.plugins import strategy_names
from telcoai.report.leaderboard import Leaderboard, leaderboard
from telcoai.report.pairs import JOULES, MET
from telcoai.report.standings import stand


def board_of(folder: Path) -> Leaderboard:
    experiment = telcoai.report.load(folder)
    return leaderboard(experiment, stand(experiment))


@pytest.fixture(scope="module")
def bounded(made_up: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two repetitions of three strategies and a bound; one run is invalid."""
    folder: Path = tmp_path_factory.mktemp("bounded") / "made-up"
    names = ("cloud-only", "device-only", "edge-only", "latency-greedy")
    made_up.make_experiment(
        folder,
        made_up.MadeUp(
            strategies=names, repetitions=2, foresees=("latency-greedy",), invalid=("edge-only-r2",), second="audio"
        ),
    )
    return folder


def test_who_meets_requirements_more_stands_first_and_a_bound_has_no_place(bounded: Path) -> None:
    board = board_of(bounded)
    rows = board.rows()
    placed = [row for row in rows if row["place"]]
    assert [row["place"] for row in placed] == [1, 2, 3]
    merits = [(-row[MET], row[JOULES]) for row in placed]
    assert merits == sorted(merits)
    assert [(row["strategy"], row["bound"]) for row in rows if not row["place"]] == [("latency-greedy", True)]
    assert any("latency-greedy knows the future and is no rival" in note for note in board.notes)
    assert not any("latency-greedy" in (one.first, one.second) for one in board.differences)


def test_regret_is_counted_run_by_run_against_the_bound(bounded: Path) -> None:
    runs = telcoai.report.load(bounded).summary().set_index("folder")
    row = next(row for row in board_of(bounded).rows() if row["strategy"] == "edge-only")
    own, best = runs.loc["edge-only-r1"], runs.loc["latency-greedy-r1"]
    assert row["regret_met_points"] == pytest.approx(100 * (best[MET] - own[MET]))
    assert row["regret_joules"] == pytest.approx(own[JOULES] / best[JOULES] - 1)
    assert (row["runs_valid"], row["runs"]) == (1, 2)


def test_without_a_bound_there_is_no_regret(four: Path) -> None:
    assert not any("regret" in one.key for one in board_of(four).measures)


def test_a_strategy_without_a_valid_run_is_last_and_has_no_figure(made_up: ModuleType, tmp_path: Path) -> None:
    made_up.make_experiment(tmp_path, made_up.MadeUp(invalid=("device-only-r1",)))
    last = board_of(tmp_path).entries[-1]
    assert (last.strategy, last.place_text, last.runs_text) == ("device-only", "–", "0 of 1")
    assert all(math.isnan(one.median) for one in last.estimates)


def test_equals_share_a_place(made_up: ModuleType, tmp_path: Path) -> None:
    path = made_up.make_run(tmp_path, made_up.MadeUp(), "edge-only", 1)
    twin = tmp_path / "twin-r1"
    path.rename(twin)
    facts = json.loads((twin / "run.json").read_text()) | {"run": "twin-r1", "strategy": "twin"}
    (twin / "run.json").write_text(json.dumps(facts))
    made_up.make_run(tmp_path, made_up.MadeUp(), "edge-only", 1)
    assert [entry.place for entry in board_of(tmp_path).entries] == [1, 1]


def test_one_repetition_claims_nothing(four: Path) -> None:
    assert board_of(four).claims == ()


def test_several_repetitions_are_too_few_and_that_is_said(bounded: Path) -> None:
    claims = board_of(bounded).claims
    assert claims[0].startswith("No difference in requirements met can be claimed between")
    assert "at least 7 are needed" in claims[0]
    assert "0 of 3 differ clearly in requirements met" in claims[-1]


def test_figures_say_where_they_come_from(bounded: Path) -> None:
    for one in board_of(bounded).measures:
        assert one.source or one.key in ("plans_decided", "plans_changed", "switches_per_device")
        assert one.meaning
        if "J" in one.title.split():
            assert one.source == "model"


def test_deadlines_of_several_services_are_compared_as_shares(bounded: Path, four: Path) -> None:
    assert "tail_of_deadline" in [one.key for one in board_of(bounded).measures]
    assert next(one.head for one in board_of(four).measures if one.key == "tail_ms") == "p95,\nms"


def widths_of(headings: list[str], rows: list[list[str]]) -> list[int]:
    columns = zip(headings, *rows, strict=True)
    return [max(len(line) for text in column for line in text.split("\n")) for column in columns]


def test_everything_fits_a_terminal_of_100_columns(bounded: Path) -> None:
    """With the longest name that ships in each row; rich puts columns three apart and a space around them."""
    board = board_of(bounded)
    longest = max(strategy_names(), key=len)
    board = dataclasses.replace(
        board, entries=tuple(dataclasses.replace(entry, strategy=longest) for entry in board.entries)
    )
    headings, rows = board.table()
    assert len(headings) == 2 + sum(bool(one.head) for one in board.measures)
    widths = widths_of(headings, rows)
    assert sum(widths) + 3 * (len(widths) - 1) + 2 <= 100


@pytest.mark.parametrize("width", [40, 60, 80, 90])
def test_on_a_narrow_terminal_the_last_columns_are_left_out(bounded: Path, width: int) -> None:
    board = board_of(bounded)
    headings, rows = board.table(width)
    assert headings == board.table()[0][: len(headings)]
    assert len(headings) < len(board.table()[0])
    widths = widths_of(headings, rows)
    assert sum(widths) + 3 * (len(widths) - 1) + 2 <= width


def test_files_hold_the_same_rows_and_services_are_told_apart(bounded: Path) -> None:
    written = telcoai.report.write_report(bounded)
    summary = json.loads((bounded / "summary.json").read_text())
    rows = list(csv.DictReader(io.StringIO((bounded / "leaderboard.csv").read_text())))
    assert [row["strategy"] for row in rows] == [row["strategy"] for row in summary["leaderboard"]]
    assert [float(row[MET]) for row in rows] == [row[MET] for row in summary["leaderboard"]]
    assert {row["claimed"] for row in summary["differences"]} == {False}
    assert set(summary["services"][0]["services_met"]) == {"vision", "audio"}
    page = written.html.read_text()
    assert "audio met" in page
    assert "Every pair of strategies" in page
