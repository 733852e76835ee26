"""``telcoai schema``."""

from __future__ import annotations

from typing import Annotated

import typer

from telcoai.cli.console import print_json


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("schema", epilog="Example: telcoai schema Testbed > testbed.json")(schema)


def schema(
    kind: Annotated[str, typer.Argument(help="Testbed, Scenario, DeviceProfile, RadioProfile or Workload.")],
) -> None:
    """Print the JSON Schema of a kind of file."""
    from telcoai.errors import InputError
    from telcoai.spec import KINDS
    from telcoai.spec import schema as schema_of

    if kind not in KINDS:
        raise InputError(f"there is no kind {kind!r}", f"allowed: {', '.join(KINDS)}")
    print_json(schema_of(kind))
