"""``telcoai load``."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telcoai.cli.console import Output, OutputOption, print_json, print_table, story_console

if TYPE_CHECKING:
    from rich.console import Console

    from telcoai.load.tally import LoadResult

QUANTILES = ("p50", "p90", "p95", "p99", "max")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    example = "Example: telcoai load http://127.0.0.1:8080 --model vision --rate 500/s --duration 30s"
    app.command("load", epilog=example)(load)


def load(
    url: Annotated[str, typer.Argument(help="Where an Open Inference Protocol server listens.")],
    model: Annotated[str, typer.Option("--model", "-m", help="Model to ask.")],
    rate: Annotated[str, typer.Option("--rate", "-r", help="Mean arrivals, such as 500/s.")] = "10/s",
    duration: Annotated[str, typer.Option("--duration", "-d", help="How long, such as 30s.")] = "10s",
    arrival: Annotated[str, typer.Option(help="constant or poisson.")] = "poisson",
    inputs: Annotated[Path | None, typer.Option("--input", help="JSON file with the inputs to send.")] = None,
    binary: Annotated[bool, typer.Option("--binary", help="Send raw tensors.")] = False,
    timeout: Annotated[str, typer.Option(help="A request not answered by then has timed out.")] = "10s",
    seed: Annotated[int, typer.Option(min=0, help="Of arrivals and inputs.")] = 0,
    output: OutputOption = Output.TABLE,
) -> None:
    """Drive any inference server at a rate (open loop)."""
    from telcoai.cli.quantity import per_second, seconds
    from telcoai.load.foreign import ForeignLoad, drive_server
    from telcoai.model.scenario import Demand

    wanted = ForeignLoad(
        url=url,
        model=model,
        demand=Demand(arrival, per_second("--rate", rate)),
        duration_s=seconds("--duration", duration),
        seed=seed,
        inputs=inputs,
        binary=binary,
        timeout_s=seconds("--timeout", timeout),
    )
    console = story_console()
    if console.is_terminal:
        with console.status("sending") as live:
            result = drive_server(wanted, lambda now: live.update(_line(now)))
    else:
        result = drive_server(wanted, _Lines(console))
    if output is Output.JSON:
        print_json(_plain(result))
    else:
        _show(result)
    if result.interrupted:
        raise KeyboardInterrupt


class _Lines:
    """A line every five seconds, for a story that nobody watches live."""

    EVERY_S = 5.0

    def __init__(self, console: Console) -> None:
        self._console = console
        self._next_s = self.EVERY_S

    def __call__(self, now: LoadResult) -> None:
        if now.elapsed_s >= self._next_s:
            self._next_s += self.EVERY_S
            self._console.print(_line(now), markup=False, soft_wrap=True)


def _line(now: LoadResult) -> str:
    p95 = "–" if math.isnan(now.p95_ms) else f"{now.p95_ms:.1f} ms"
    sent = f"sent {now.sent}/{now.scheduled}"
    return f"{now.elapsed_s:.0f} s  {sent}  {now.rate_per_s:.0f}/s  p95 {p95}  errors {now.errors}"


def _plain(result: LoadResult) -> dict[str, Any]:
    return {key: None if value != value else value for key, value in asdict(result).items()}  # noqa: PLR0124 - NaN


def _show(result: LoadResult) -> None:
    values = asdict(result)
    latency = [f"{values[f'{name}_ms']:.3f} ms" for name in QUANTILES]
    columns = ["scheduled", "sent", "answered/s", *QUANTILES, "lag p99", "statuses"]
    statuses = ", ".join(f"{status}: {count}" for status, count in result.statuses.items())
    row = [str(result.scheduled), str(result.sent), f"{result.rate_per_s:.1f}"]
    print_table(columns, [[*row, *latency, f"{result.lag_p99_ms:.3f} ms", statuses]])
