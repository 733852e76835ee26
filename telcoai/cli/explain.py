"""``telcoai explain``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telcoai.cli.console import Output, OutputOption, print_json, print_table

if TYPE_CHECKING:
    from telcoai.model.plan import Assignment
    from telcoai.report.alternatives import Outlook, Told
    from telcoai.report.explain import Explained, Explanation


def register(app: typer.Typer) -> None:
    """Add the verb."""
    example = "Example: telcoai explain reports/quickstart/latency-greedy-r1 --at 12s"
    app.command("explain", epilog=example)(explain)


def explain(
    run: Annotated[Path, typer.Argument(help="A run's folder.")],
    at: Annotated[
        str | None, typer.Option(help="Only the decision in force then, such as 12s after warm-up. [default: all]")
    ] = None,
    device: Annotated[str, typer.Option(help="Only this device's part.")] = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Tell why a strategy did what it did.

    For each decision that changed something: what was seen, what was chosen, and what else was predicted to cost.
    """
    from telcoai.cli.quantity import seconds
    from telcoai.report.explain import explain as explain_run

    found = explain_run(run, None if at is None else seconds("--at", at), device)
    if output is Output.JSON:
        print_json(_plain(found))
    else:
        _show(found)


def _show(found: Explanation) -> None:
    for one in found.decisions:
        typer.echo(f"{found.run}, {_when(one)}: {one.reason or 'no reason given'}")
        for line in one.seen:
            typer.echo(f"  {line}")
        for told in one.told:
            _show_choice(told)
        typer.echo("")
    for note in found.notes:
        typer.echo(note)


def _when(one: Explained) -> str:
    until = "to the end" if one.until_s is None else f"to {one.until_s:.1f} s"
    since = ", ".join(f"{count} {status}" for status, count in one.since.items())
    return f"{one.at_s:.1f} s {until}" + (f" ({since} after it)" if since else "")


def _show_choice(told: Told) -> None:
    from telcoai.report.verdict import describe_choice

    percentile = f"p{told.service.requirements.percentile:g}"
    figures = [f"{what}, ms" for what in ("mean", percentile, "cost")]
    chosen = [["chosen", *_row(told.chosen)]] if told.chosen else []
    rows = chosen + [["", *_row(one)] for one in told.alternatives]
    typer.echo(f"\n{_title(told)}")
    if rows:
        print_table(["", "placement", "variant", "leave at", "wire", *figures, "J", "accuracy"], rows)
    typer.echo(describe_choice(told))


def _title(told: Told) -> str:
    others = len(told.devices) - 1
    alike = f", and {others} doing alike" if others else ""
    if others and told.tails_ms:
        ends = dict.fromkeys(f"{value:.1f}" for value in told.tails_ms)
        alike += f" ({'–'.join(ends)} ms)"
    return f"{told.service.name} of {told.device}{alike}: predicted of a request; cost is half mean, half tail"


def _row(one: Outlook) -> list[str]:
    from telcoai.report.alternatives import placement

    leave = ", ".join("never" if t > 1 else f"{t:g}" for t in one.assignment.thresholds)
    figures = [f"{value:.1f}" for value in (one.mean_ms, one.tail_ms, one.cost_ms)]
    return [
        placement(one.assignment),
        _served(one.assignment),
        leave,
        one.assignment.wire,
        *figures,
        f"{one.joules:.3f}",
        f"{one.accuracy:.3f}",
    ]


def _served(one: Assignment) -> str:
    """The variant, and how requests for it wait for a core where that is not one by one in order of arrival."""
    after = f" after {one.batch_wait_ms:g} ms" if one.batch_wait_ms else ""
    told = [f"up to {one.batch} together{after}"] if one.batch > 1 else []
    told += [f"priority {one.priority}"] if one.priority else []
    return f"{one.variant} ({', '.join(told)})" if told else one.variant


def _plain(found: Explanation) -> dict[str, Any]:
    return {
        "run": found.run,
        "strategy": found.strategy,
        "decisions": [_plain_decision(one) for one in found.decisions],
        "notes": list(found.notes),
    }


def _plain_decision(one: Explained) -> dict[str, Any]:
    return {
        "at_s": one.at_s,
        "until_s": one.until_s,
        "reason": one.reason,
        "saw": one.saw,
        "in_words": list(one.seen),
        "since": dict(one.since),
        "choices": [_plain_choice(told) for told in one.told],
    }


def _plain_choice(told: Told) -> dict[str, Any]:
    from telcoai.report.verdict import describe_choice

    return {
        "service": told.service.name,
        "devices": list(told.devices),
        "device": told.device,
        "chosen": _plain_outlook(told.chosen) if told.chosen else None,
        "tails_ms": [round(value, 3) for value in told.tails_ms] if told.tails_ms else None,
        "alternatives": [_plain_outlook(one) for one in told.alternatives],
        "in_words": describe_choice(told),
    }


def _plain_outlook(one: Outlook) -> dict[str, Any]:
    chosen = one.assignment
    return {
        "shape": one.shape,
        "variant": chosen.variant,
        "hops": list(chosen.hops),
        "replicas": [list(row) for row in chosen.replicas],
        "thresholds": list(chosen.thresholds),
        "wire": chosen.wire,
        "batch": chosen.batch,
        "batch_wait_ms": chosen.batch_wait_ms,
        "priority": chosen.priority,
        "predicted_mean_ms": round(one.mean_ms, 3),
        "predicted_tail_ms": round(one.tail_ms, 3),
        "predicted_cost_ms": round(one.cost_ms, 3),
        "predicted_j": round(one.joules, 5),
        "forecast_accuracy": round(one.accuracy, 4),
    }
