"""``telcoai deploy``."""

from __future__ import annotations

from typing import Annotated

import typer

from telcoai.cli.console import Output, OutputOption, print_json, print_table


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("deploy", epilog="Example: telcoai deploy scenarios/quickstart.yaml --strategy latency-greedy")(deploy)


def deploy(
    scenario: Annotated[str, typer.Argument(help="Scenario file, or the name of one that ships.")],
    testbed: Annotated[str | None, typer.Option("--testbed", "-t", help="A testbed (file) instead of its own.")] = None,
    strategy: Annotated[str | None, typer.Option("--strategy", "-s", help="Who plans. [default: the first]")] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Start a scenario's services with one plan.

    The testbed must be up. The plan is made once, by the strategy; bench plans again and again.
    """
    from telcoai.cli.place import root, with_surroundings
    from telcoai.cli.story import make_story
    from telcoai.experiment.deploy import deploy as start
    from telcoai.spec import load_scenario

    chosen = with_surroundings(load_scenario(scenario, testbed))
    plan = start(chosen, strategy or chosen.strategies[0], root(), make_story())
    rows = [
        [
            one.service,
            one.device,
            one.variant,
            " | ".join(", ".join(row) for row in one.rows),
            ", ".join(f"{t:g}" for t in one.thresholds),
            one.wire,
        ]
        for one in plan.assignments
    ]
    if output is Output.JSON:
        keys = ("service", "device", "variant", "hops", "replicas", "thresholds", "wire")
        print_json([{key: getattr(one, key) for key in keys} for one in plan.assignments])
    else:
        columns = ["service", "device", "variant", "stages on", "leaves at confidence", "wire"]
        print_table(columns, rows, plan.reason)
