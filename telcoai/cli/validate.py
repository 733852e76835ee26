"""``telcoai validate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telcoai.cli.console import Output, OutputOption, print_json

if TYPE_CHECKING:
    from telcoai.cli.warn import Warned


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("validate", epilog="Example: telcoai validate scenarios/*.yaml")(validate)


def validate(
    files: Annotated[list[Path], typer.Argument(help="Files to check.")], output: OutputOption = Output.TABLE
) -> None:
    """Check files; every error is told at once. Requirements that nobody can meet are warned of."""
    from telcoai.spec import validate as find_problems

    found = {path: find_problems([path]) for path in files}
    warned = {path: [] if problems else _warnings(path) for path, problems in found.items()}
    if output is Output.JSON:
        print_json([_plain(path, problems, warned[path]) for path, problems in found.items()])
    else:
        for path, problems in found.items():
            typer.echo("\n".join(problems) if problems else f"{path}: valid", err=bool(problems))
            for one in warned[path]:
                typer.echo(one.line, err=True)
    if any(found.values()):
        raise typer.Exit(2)


def _warnings(path: Path) -> list[Warned]:
    from telcoai.cli.warn import warnings_of
    from telcoai.spec import scenarios_in

    return [one for marked in scenarios_in(path) for one in warnings_of(marked)]


def _plain(path: Path, problems: list[str], warned: list[Warned]) -> dict[str, object]:
    warnings = [one.plain for one in warned]
    return {"file": str(path), "valid": not problems, "problems": problems, "warnings": warnings}
