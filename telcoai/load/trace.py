"""Arrival traces: a CSV file with one time in seconds a line."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from telcoai.errors import InputError

COLUMN = "seconds"


def read_trace(path: str | Path) -> NDArray[np.float64]:
    """Times in seconds, ascending from 0.

    Takes the column headed ``seconds``, or the first one when there is no header. Empty lines and lines that begin
    with ``#`` don't count. InputError with ``file:line`` for anything that isn't a time or goes back.
    """
    times: list[float] = []
    column = 0
    for line, cells in _lines(Path(path)):
        if not times and COLUMN in cells:
            column = cells.index(COLUMN)
            continue
        times.append(_time(cells, column, times[-1] if times else 0.0, f"{path}:{line}"))
    if not times:
        raise InputError(f"{path}: the trace holds no times", "write one time in seconds a line")
    return np.array(times)


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """(line number, stripped cells) of each line that counts."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.reader(file)
            rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except OSError as err:
        raise InputError(f"{path}: {err.strerror}", "name a CSV file with a column of seconds") from err
    except (UnicodeDecodeError, csv.Error) as err:
        raise InputError(f"{path}: not a CSV file in UTF-8: {err}") from err
    return [(number, row) for number, row in rows if any(row) and not row[0].startswith("#")]


def _time(cells: list[str], column: int, before: float, place: str) -> float:
    if column >= len(cells):
        raise InputError(f"{place}: no column {column + 1}")
    try:
        time = float(cells[column])
    except ValueError as err:
        hint = f"write seconds, or head the column with {COLUMN!r}"
        raise InputError(f"{place}: {cells[column]!r} isn't a number of seconds", hint) from err
    if not math.isfinite(time) or time < 0:
        raise InputError(f"{place}: {cells[column]} isn't a time of 0 s or later")
    if time < before:
        raise InputError(f"{place}: {time:g} s comes before {before:g} s", "sort the trace by time")
    return time
