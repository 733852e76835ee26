"""``telcoai report``, and how a comparison looks on a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telcoai.cli.console import Output, OutputOption, print_json, print_table, result_console

if TYPE_CHECKING:
    from telcoai.report import Written


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("report", epilog="Example: telcoai report reports/quickstart")(report)


def report(
    folder: Annotated[Path, typer.Argument(help="An experiment's folder, or one run's.")],
    output: OutputOption = Output.TABLE,
) -> None:
    """Compare an experiment's runs.

    Writes report.html, summary.json, summary.csv and leaderboard.csv beside them.
    """
    from telcoai.report import write_report

    written = write_report(folder)
    if output is Output.JSON:
        print_json(written.summary)
    else:
        show_comparison(written)


def show_comparison(written: Written) -> None:
    """Print the leaderboard, what it shows, and where the HTML is."""
    from telcoai.report.leaderboard import WIDEST
    from telcoai.report.services import brief_table

    print_table(*written.board.table(min(WIDEST, result_console().width)))
    if written.services:
        print_table(*brief_table(written.services))
    for line in (*written.board.legend, *written.board.claims, *written.board.notes, *written.comparison.notes):
        typer.echo(line)
    typer.echo(written.comparison.sentence)
    typer.echo(f"report: {written.html}")
