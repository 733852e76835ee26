"""``telcoai logs``."""

from __future__ import annotations

from typing import Annotated

import typer

from telcoai.cli.console import TestbedOption


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("logs", epilog="Example: telcoai logs edge --lines 20")(logs)


def logs(
    node: Annotated[str | None, typer.Argument(help="Its runtime's log; the testbed's own without.")] = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="Only the last so many.")] = 200,
    testbed: TestbedOption = None,
) -> None:
    """Print the log of a runtime, or of the testbed."""
    from telcoai.cli.place import root
    from telcoai.errors import InputError
    from telcoai.testbed.running import choose

    running = choose(testbed, root())
    if node and running.cluster is not None:
        from telcoai.orchestrator.pod_logs import runtime_log

        typer.echo(runtime_log(running, node, lines), nl=False)
        return
    path = running.folder / "logs" / f"{node}.runtime.log" if node else running.network.state_dir / "supervisor.log"
    if node and node not in {one.name for one in running.topology.nodes}:
        raise InputError(f"testbed {running.topology.name} has no node {node}")
    if not path.exists():
        what = f"no runtime has run on {node} yet" if node else f"{path} is gone"
        raise InputError(what, "telcoai deploy SCENARIO starts runtimes")
    for line in path.read_text(errors="replace").splitlines()[-lines:]:
        typer.echo(line)
