"""What the terminal shows: results on stdout, the story on stderr."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console


class Output(StrEnum):
    """Form of an answer."""

    TABLE = "table"
    JSON = "json"


OutputOption = Annotated[Output, typer.Option("--output", "-o", help="Form of the answer.")]
TestbedOption = Annotated[
    str | None, typer.Option("--testbed", "-t", help="Name of a testbed that is up; not needed when only one is.")
]


def story_console() -> Console:
    """The console for progress and hints (stderr)."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def result_console() -> Console:
    """The console for results (stdout); as wide as needed where it isn't a terminal."""
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=200)


def complain(message: str, hint: str = "") -> None:
    """An error and what to try, in plain words."""
    typer.echo(f"error: {message}", err=True)
    if hint:
        typer.echo(f"  try: {hint}", err=True)


def print_json(value: Any) -> None:
    """An answer as JSON."""
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False) + "\n")
    sys.stdout.flush()


def print_table(columns: list[str], rows: list[list[str]], title: str = "") -> None:
    """An answer as a table; columns of numbers stand to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(_is_number(row[index]) for row in rows)
        table.add_column(column, justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    result_console().print(table)


def _is_number(text: str) -> bool:
    return not text or text[0].isdigit() or text[0] in "-–+" or text == "never"
