"""``telcoai simulate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from telcoai.cli.bench import RepetitionsOption, ScenarioArgument, StrategyOption, TestbedOption, with_options
from telcoai.cli.console import Output, OutputOption, print_json


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("simulate", epilog="Example: telcoai simulate scenarios/quickstart.yaml --strategy latency-greedy")(
        simulate
    )


def simulate(
    scenario: ScenarioArgument,
    testbed: TestbedOption = None,
    strategy: StrategyOption = None,
    repetitions: RepetitionsOption = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the runs. [default: reports/NAME-simulated]")] = None,
    against: Annotated[
        Path | None, typer.Option(help="Folder of measured runs: the report says how far simulated ones are from them.")
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Play a scenario on paper, in seconds and without a testbed, to try ideas before running them."""
    from telcoai.cli.report import show_comparison
    from telcoai.cli.story import make_story
    from telcoai.cli.warn import warn
    from telcoai.experiment.simulate import simulate as play
    from telcoai.report import write_report
    from telcoai.spec import load_marked

    marked = load_marked(scenario, testbed)
    warn(marked)
    chosen = with_options(marked.scenario, strategy, repetitions)
    done = play(chosen, out or Path("reports") / f"{chosen.name}-simulated", make_story(), against)
    written = write_report(done.folder)
    if output is Output.JSON:
        print_json(written.summary)
    else:
        show_comparison(written)
    if not all(facts["valid"] for facts in done.runs):
        raise typer.Exit(4)
