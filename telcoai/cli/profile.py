"""``telcoai profile``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telcoai.cli.console import Output, OutputOption, print_json, print_table

if TYPE_CHECKING:
    from telcoai.profiling.document import Outcome
    from telcoai.profiling.job import Job, Measurement


def register(app: typer.Typer) -> None:
    """Add the verb."""
    example = "Example: telcoai profile efficientnet-lite --base raspberry-pi-5 --host pi@192.0.2.11 --out mine.yaml"
    app.command("profile", epilog=example)(profile)


def profile(
    workload: Annotated[str, typer.Argument(help="Name of a workload, or ./mine.py:Mine.")],
    host: Annotated[
        str | None, typer.Option(help="Another machine, over SSH: a host of --inventory, or as ssh knows it.")
    ] = None,
    inventory: Annotated[
        Path | None, typer.Option("--inventory", "-i", exists=True, help="Ansible inventory that has --host.")
    ] = None,
    variant: Annotated[list[str] | None, typer.Option("--variant", "-V", help="Only these. [default: all]")] = None,
    cores: Annotated[int | None, typer.Option(min=1, max=4096, help="Of the profile. [default: the machine's]")] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, max=4096, help="Stages that run at once. [default: one a core]")
    ] = None,
    repeat: Annotated[int, typer.Option(min=1, max=10_000, help="Timed runs of each stage.")] = 100,
    warmup: Annotated[int, typer.Option(min=1, max=10_000, help="Runs of each stage before those.")] = 10,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of the order of stages.")] = 0,
    base: Annotated[str, typer.Option(help="Profile that has the powers which aren't given: a name or file.")] = "",
    idle_power: Annotated[str | None, typer.Option(help="Of the whole device with no core busy, like 3.3W.")] = None,
    busy_power: Annotated[str | None, typer.Option(help="Of the whole device with every core busy.")] = None,
    name: Annotated[str | None, typer.Option(help="Of the profile. [default: the machine's]")] = None,
    out: Annotated[Path | None, typer.Option(help="File of the profile. [default: NAME.yaml]")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Measure a workload's stages on a machine, and write its device profile."""
    from telcoai.plugins import load_workload
    from telcoai.profiling.document import outcome
    from telcoai.profiling.order import Power, Runs, default_name, given, job_for

    info = load_workload(workload).info
    job = job_for(info, variant or (), Runs(threads or cores or 0, warmup, repeat, seed))
    power = Power(_watts("--idle-power", idle_power), _watts("--busy-power", busy_power), base)
    known = given(default_name(host) if name is None else name, cores, power)
    file = _free(out or Path(f"{known.name}.yaml"), force)
    made = outcome(known, info, job, _measured(job, host, inventory))
    file.write_text(made.text(), encoding="utf-8")
    if output is Output.JSON:
        print_json(_plain(made, file))
    else:
        _show(made, file)


def _measured(job: Job, host: str | None, inventory: Path | None) -> Measurement:
    """What this machine, or the one named, takes for the job's stages."""
    from telcoai.cli.story import make_story
    from telcoai.errors import InputError
    from telcoai.profiling.here import measure_here
    from telcoai.profiling.there import host_inventory, measure_there

    story = make_story()
    if host is None:
        if inventory is not None:
            raise InputError("--inventory is of no use without a host of it", "name one: --host NAME")
        with story.step("stages measured on this machine"):
            return measure_here(job, story.detail)
    reached = host_inventory(host, inventory)
    with story.step(f"stages measured on {host}"):
        return measure_there(job, reached, story.detail)


def _watts(option: str, text: str | None) -> float | None:
    from telcoai.cli.quantity import watts

    return None if text is None else watts(option, text)


def _free(file: Path, force: bool) -> Path:
    """The file, when it may be written; InputError otherwise, before anything is measured."""
    from telcoai.errors import InputError

    if not file.parent.is_dir():
        raise InputError(f"there is no folder {file.parent}")
    if file.exists() and not force:
        raise InputError(f"{file} is there already", "--out names another file, --force writes over it")
    return file


def _rows(made: Outcome) -> list[dict[str, Any]]:
    """A row for each stage; times in ms. ``fitted``: by overhead and speed alone, as for a variant not measured."""
    rows, fitted = [], iter(made.points)
    for variant, stages in made.spreads.items():
        for stage, one in enumerate(stages):
            point = next(fitted)
            rows.append(
                {
                    "variant": variant,
                    "stage": stage,
                    "median_ms": one.median_s * 1e3,
                    "low_ms": one.low_s * 1e3,
                    "high_ms": one.high_s * 1e3,
                    "runs": one.runs,
                    "fitted_ms": made.fit.seconds(point.precision, point.flops) * 1e3,
                }
            )
    return rows


def _show(made: Outcome, file: Path) -> None:
    spec = made.document["spec"]
    cells = [_cells(row) for row in _rows(made)]
    threads, runs = spec["measured"]["threads"], spec["stages"][0]["runs"]
    title = f"{spec['measured']['machine']}: medians of {runs} runs, {threads} at once"
    print_table(["variant", "stage", "ms", "quartiles", "apart", "by speed"], cells, title)
    speeds = ", ".join(f"{one['value']} ({one['precision']})" for one in spec["speeds"])
    off = f"{made.fit.deviation:.0%} off in the median"
    typer.echo(f"by speed: {spec['overhead']['value']} a stage and {speeds}; {off}")
    typer.echo(f"JPEG: {spec['jpeg_decode']['value']} decoded on a core")
    for line in made.warnings:
        typer.echo(f"warning: {line}")
    typer.echo(f"profile: {file}")


def _cells(row: dict[str, Any]) -> list[str]:
    low, middle, high = row["low_ms"], row["median_ms"], row["high_ms"]
    quartiles, apart = f"{low:.3f}–{high:.3f}", f"{(high - low) / middle:.0%}"
    return [row["variant"], str(row["stage"]), f"{middle:.3f}", quartiles, apart, f"{row['fitted_ms']:.3f}"]


def _plain(made: Outcome, file: Path) -> dict[str, Any]:
    return {
        "file": str(file),
        "profile": made.document,
        "stages": _rows(made),
        "fit_deviation": made.fit.deviation,
        "warnings": list(made.warnings),
    }
