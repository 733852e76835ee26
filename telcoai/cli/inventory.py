"""``telcoai inventory``."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from telcoai.cli.console import print_json

if TYPE_CHECKING:
    from telcoai.model.topology import Topology


class Form(StrEnum):
    """Form of an inventory."""

    JSON = "json"
    YAML = "yaml"


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("inventory", epilog="Example: telcoai inventory testbeds/k3s.yaml > hosts.json")(inventory)


def inventory(
    testbed: Annotated[str, typer.Argument(help="Name or file of a testbed on kind or k3s, up or not.")],
    output: Annotated[Form, typer.Option("--output", "-o", help="Form of the answer.")] = Form.JSON,
) -> None:
    """Print a testbed's Ansible inventory, for the playbooks to be run by hand; passwords are left out."""
    from telcoai.cli.place import root
    from telcoai.testbed.inventory import inventory as made
    from telcoai.testbed.inventory import without_secrets

    topology = _topology(testbed)
    shown = without_secrets(made(topology, root() / topology.name, os.environ))
    if output is Form.JSON:
        print_json(shown)
    else:
        import yaml

        typer.echo(yaml.safe_dump(shown, sort_keys=False), nl=False)


def _topology(testbed: str) -> Topology:
    """The testbed of that name that is up, else the one of that file or shipped name."""
    from telcoai.cli.place import root
    from telcoai.spec import load_testbed
    from telcoai.testbed.state import parse_topology

    stored = root() / testbed / "topology.json"
    if "/" not in testbed and stored.is_file():
        return parse_topology(stored.read_text())
    return load_testbed(testbed)
