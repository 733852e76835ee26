"""``telcoai validate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from telcoai.cli.console import Output, OutputOption, print_json


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("validate", epilog="Example: telcoai validate scenarios/*.yaml")(validate)


def validate(
    files: Annotated[list[Path], typer.Argument(help="Files to check.")], output: OutputOption = Output.TABLE
) -> None:
    """Check files; every error is told at once."""
    from telcoai.spec import validate as find_problems

    found = {str(path): find_problems([path]) for path in files}
    if output is Output.JSON:
        print_json([{"file": name, "valid": not problems, "problems": problems} for name, problems in found.items()])
    else:
        for name, problems in found.items():
            typer.echo("\n".join(problems) if problems else f"{name}: valid", err=bool(problems))
    if any(found.values()):
        raise typer.Exit(2)
