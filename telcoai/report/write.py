"""Writes summary.json, summary.csv and report.html into an experiment's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telcoai.errors import InputError
from telcoai.report.comparison import Comparison, compare
from telcoai.report.experiment import load
from telcoai.report.page import render
from telcoai.report.summary import as_file, summarise, to_csv, to_json


@dataclass(frozen=True)
class Written:
    """What was written, and the comparison to show. ``summary`` is the content of summary.json."""

    folder: Path
    html: Path
    summary: dict[str, Any]
    comparison: Comparison


def write_report(folder: str | Path) -> Written:
    """Read the run folders, compute everything anew, write the three files; InputError when that can't be done."""
    experiment = load(folder)
    runs = [summarise(run) for run in experiment.runs]
    comparison = compare(experiment)
    summary = as_file(experiment.name, runs)
    html = experiment.path / "report.html"
    _replace(experiment.path / "summary.json", to_json(summary))
    _replace(experiment.path / "summary.csv", to_csv(runs))
    _replace(html, render(experiment, comparison))
    return Written(experiment.path, html, summary, comparison)


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as err:
        raise InputError(f"can't write {path}: {err.strerror}", "make the folder writable, or copy it") from err
