"""``telcoai model``: verbs for models of one's own."""

from __future__ import annotations

import typer

from telcoai.cli.model import import_


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(
        help="Bring a model of one's own.",
        epilog="Example: telcoai model import MODEL.onnx --samples SAMPLES.npz",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    import_.register(group)
    app.add_typer(group, name="model")
