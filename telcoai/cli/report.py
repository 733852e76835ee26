"""``telcoai report``, and how a comparison looks on a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telcoai.cli.console import Output, OutputOption, print_json, print_table

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

    Writes report.html, summary.json and summary.csv beside them.
    """
    from telcoai.report import write_report

    written = write_report(folder)
    if output is Output.JSON:
        print_json(written.summary)
    else:
        show_comparison(written)


def show_comparison(written: Written) -> None:
    """Print the comparison, what it shows in a sentence, and where the HTML is."""
    print_table(*written.comparison.main_table())
    for note in written.comparison.notes:
        typer.echo(note)
    typer.echo(written.comparison.sentence)
    typer.echo(f"report: {written.html}")
