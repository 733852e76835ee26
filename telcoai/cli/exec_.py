"""``telcoai exec``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from telcoai.cli.console import TestbedOption


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(
        "exec",
        context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
        epilog="Example: telcoai exec camera-1 -- ping -c 3 edge",
    )(exec_)


def exec_(
    node: Annotated[str, typer.Argument(help="Node to run it in.")],
    command: Annotated[list[str], typer.Argument(help="Program and its arguments, after --.")],
    testbed: TestbedOption = None,
    pod: Annotated[bool, typer.Option("--pod", help="In the node's runtime pod, on a cluster.")] = False,
) -> None:
    """Run a program in a node, on this terminal."""
    from telcoai.cli.place import root
    from telcoai.errors import InputError
    from telcoai.testbed.running import choose

    running = choose(testbed, root())
    names = [one.name for one in running.topology.nodes]
    if node not in names:
        raise InputError(f"testbed {running.topology.name} has no node {node}", f"its nodes: {', '.join(names[:20])}")
    words = command[1:] if command[0] == "--" else command
    if running.cluster is not None:
        from telcoai.testbed.terminal import run_in_member

        raise typer.Exit(run_in_member(running, node, words, pod=pod))
    if pod:
        raise InputError(f"testbed {running.topology.name} has no pods: it isn't a cluster", "leave --pod out")
    raise typer.Exit(running.sandbox.exec(node, words, cwd=Path.cwd()))
