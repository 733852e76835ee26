"""``telcoai undeploy``."""

from __future__ import annotations

import typer

from telcoai.cli.console import TestbedOption, story_console


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("undeploy", epilog="Example: telcoai undeploy")(undeploy)


def undeploy(testbed: TestbedOption = None) -> None:
    """Stop the services on a testbed; the testbed stays up."""
    from telcoai.cli.place import root
    from telcoai.orchestrator.deployment import undeploy as stop
    from telcoai.testbed.running import choose

    running = choose(testbed, root())
    count = stop(running)
    story_console().print(f"testbed {running.topology.name}: {count} runtimes and drivers stopped", markup=False)
