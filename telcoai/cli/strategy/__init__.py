"""``telcoai strategy``: verbs for strategies of one's own."""

from __future__ import annotations

import typer

from telcoai.cli.strategy import new


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(
        help="Begin a strategy of one's own.",
        epilog="Example: telcoai strategy new my-own",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    new.register(group)
    app.add_typer(group, name="strategy")
