"""``telcoai strategies``."""

from __future__ import annotations

import typer

from telcoai.cli.console import Output, OutputOption, print_json, print_table


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("strategies", epilog="Example: telcoai strategies -o json")(strategies)


def strategies(output: OutputOption = Output.TABLE) -> None:
    """List the strategies that are installed."""
    from telcoai.plugins import load_strategy, strategy_names

    found = [load_strategy(name) for name in strategy_names()]
    if output is Output.JSON:
        print_json([{"name": one.name, "summary": one.summary} for one in found])
    else:
        print_table(["strategy", "what it does"], [[one.name, one.summary] for one in found])
