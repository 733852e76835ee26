"""``telcoai rbac``."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("rbac", epilog="Example: telcoai rbac --namespace lab | kubectl apply -f -")(rbac)


def rbac(
    namespace: Annotated[str, typer.Option(help="Where telcoai may work.")] = "telcoai",
    account: Annotated[str, typer.Option(help="The ServiceAccount that gets the rights.")] = "telcoai",
) -> None:
    """Print the least rights that telcoai needs on a cluster that is there, as YAML for kubectl."""
    import yaml

    from telcoai.testbed.rights import objects

    typer.echo(yaml.safe_dump_all(objects(namespace, account), sort_keys=False), nl=False)
