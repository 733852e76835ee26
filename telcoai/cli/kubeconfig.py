"""``telcoai kubeconfig``."""

from __future__ import annotations

import typer

from telcoai.cli.console import TestbedOption


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("kubeconfig", epilog="Example: telcoai kubeconfig > kind.kubeconfig")(kubeconfig)


def kubeconfig(testbed: TestbedOption = None) -> None:
    """Print the kubeconfig of a testbed on Kubernetes."""
    from telcoai.cli.place import root
    from telcoai.errors import InputError
    from telcoai.testbed.running import choose

    running = choose(testbed, root())
    if running.cluster is None or running.cluster.kubeconfig is None:
        raise InputError(f"testbed {running.topology.name} is no cluster of telcoai's", "testbeds/kind.yaml is one")
    typer.echo(running.cluster.kubeconfig.read_text(), nl=False)
