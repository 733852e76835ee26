"""``telcoai strategy new``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from telcoai.cli.console import Output, OutputOption, print_json


def register(group: typer.Typer) -> None:
    """Add the verb."""
    group.command("new", epilog="Example: telcoai strategy new my-own")(new)


def new(
    name: Annotated[str, typer.Argument(help="Such as my-own; files are then my_own.py and test_my_own.py.")],
    out: Annotated[Path, typer.Option(help="Folder to write them into.")] = Path(),
    output: OutputOption = Output.TABLE,
) -> None:
    """Write a strategy that works, and a test of it."""
    from telcoai.experiment.new_strategy import write_strategy

    written = write_strategy(name, out)
    steps = [f"pytest {written.test}", f"telcoai bench scenarios/quickstart.yaml --strategy {written.reference}"]
    if output is Output.JSON:
        print_json({"strategy": str(written.strategy), "test": str(written.test), "next": steps})
        return
    typer.echo(f"wrote {written.strategy} and {written.test}; next:")
    typer.echo("\n".join(f"  {step}" for step in steps))
