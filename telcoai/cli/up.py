"""``telcoai up``."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from telcoai.cli.console import Output, OutputOption, print_json, print_table


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("up", epilog="Example: telcoai up testbeds/quickstart.yaml")(up)


def up(
    testbed: Annotated[str, typer.Argument(help="Testbed file, or the name of one that ships.")],
    output: OutputOption = Output.TABLE,
) -> None:
    """Bring a testbed up and measure its links."""
    from telcoai.cli.place import root
    from telcoai.cli.status import links_table, status_of
    from telcoai.cli.story import make_story
    from telcoai.experiment.claims import claimed_testbed
    from telcoai.spec import load_testbed
    from telcoai.testbed.running import bring_up
    from telcoai.testbed.surroundings import in_surroundings

    topology = in_surroundings(load_testbed(testbed), os.environ)
    story = make_story()
    with (
        claimed_testbed(topology.name, root()),
        story.step(f"testbed {topology.name}: {len(topology.nodes)} nodes up, links measured"),
    ):
        running, fresh = bring_up(topology, root(), story.detail)
    if not fresh:
        story.note(f"testbed {topology.name} was up already; nothing done")
    unbounded = running.network.status().unbounded
    if unbounded:
        story.note(f"memory of nodes isn't bounded: {unbounded}")
    if output is Output.JSON:
        print_json(status_of(running))
    else:
        print_table(*links_table(running))
