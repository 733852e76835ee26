"""Writes summary.json, summary.csv, leaderboard.csv and report.html into an experiment's folder."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telcoai.errors import InputError
from telcoai.report.comparison import Comparison, compare
from telcoai.report.experiment import load
from telcoai.report.leaderboard import Leaderboard, leaderboard
from telcoai.report.page import Findings, render
from telcoai.report.services import Fared, as_rows, fared
from telcoai.report.standings import stand
from telcoai.report.summary import as_file, plain, rows_to_csv, to_csv, to_json


@dataclass(frozen=True)
class Written:
    """What was written, and what there is to show. ``summary`` is the content of summary.json."""

    folder: Path
    html: Path
    summary: dict[str, Any]
    comparison: Comparison
    board: Leaderboard
    services: tuple[Fared, ...]


def write_report(folder: str | Path) -> Written:
    """Read the run folders, compute everything anew, write the four files; InputError when that can't be done."""
    experiment = load(folder)
    standings = stand(experiment)
    board, services = leaderboard(experiment, standings), fared(standings)
    found = Findings(standings, compare(experiment, standings), board, services)
    summary = as_file(
        experiment.name,
        experiment.summaries,
        leaderboard=board.rows(),
        differences=[dataclasses.asdict(one) | {"claimed": one.claimed} for one in board.differences],
        services=as_rows(services),
    )
    html = experiment.path / "report.html"
    _replace(experiment.path / "summary.json", to_json(summary))
    _replace(experiment.path / "summary.csv", to_csv(experiment.summaries))
    _replace(experiment.path / "leaderboard.csv", rows_to_csv(plain(board.rows())))
    _replace(html, render(experiment, found))
    return Written(experiment.path, html, summary, found.comparison, board, services)


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as err:
        raise InputError(f"can't write {path}: {err.strerror}", "make the folder writable, or copy it") from err
