"""``telcoai bench``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telcoai.cli.console import Output, OutputOption, print_json, story_console

if TYPE_CHECKING:
    from telcoai.model.scenario import Scenario


ScenarioArgument = Annotated[str, typer.Argument(help="Scenario file, or the name of one that ships.")]
TestbedOption = Annotated[str | None, typer.Option("--testbed", "-t", help="A testbed (file) instead of its own.")]
StrategyOption = Annotated[
    list[str] | None, typer.Option("--strategy", "-s", help="Only these; a name, or ./mine.py:Mine.")
]
RepetitionsOption = Annotated[int | None, typer.Option(min=1, max=1000, help="Instead of the scenario's.")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("bench", epilog="Example: telcoai bench scenarios/quickstart.yaml --strategy latency-greedy")(bench)


def bench(
    scenario: ScenarioArgument,
    testbed: TestbedOption = None,
    strategy: StrategyOption = None,
    repetitions: RepetitionsOption = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the experiment. [default: reports/NAME]")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the testbed up.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Run a scenario's strategies and compare them."""
    from telcoai.cli.place import root, with_surroundings
    from telcoai.cli.report import show_comparison
    from telcoai.cli.story import make_story
    from telcoai.cli.warn import warn
    from telcoai.experiment.bench import bench as run_bench
    from telcoai.report import write_report
    from telcoai.spec import load_marked

    marked = load_marked(scenario, testbed)
    chosen = with_surroundings(with_options(marked.scenario, strategy, repetitions))
    warn(dataclasses.replace(marked, scenario=chosen))
    folder = out or Path("reports") / chosen.name
    done = run_bench(chosen, root(), folder, make_story(), keep=keep)
    written = write_report(done.folder)
    if output is Output.JSON:
        print_json(written.summary)
    else:
        show_comparison(written)
    if done.interrupted:
        raise KeyboardInterrupt
    if done.error is not None:
        raise done.error
    invalid = [facts["run"] for facts in done.runs if not facts["valid"]]
    if invalid:
        story_console().print(f"invalid: {', '.join(invalid)}; {written.html} says why", markup=False)
        raise typer.Exit(4)


def with_options(scenario: Scenario, strategies: list[str] | None, repetitions: int | None) -> Scenario:
    """The scenario with what the command line says otherwise."""
    changes: dict[str, object] = {}
    if strategies:
        changes["strategies"] = tuple(dict.fromkeys(strategies))
    if repetitions is not None:
        changes["repetitions"] = repetitions
    return dataclasses.replace(scenario, **changes)  # type: ignore[arg-type]
