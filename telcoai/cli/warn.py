"""Warnings of what a scenario asks in vain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from telcoai.spec import MarkedScenario

SHOWN = 5
"""Lines before a run: its own story shall stay in sight."""


@dataclass(frozen=True)
class Warned:
    """A line for people, and the same as JSON has it."""

    line: str
    plain: dict[str, Any]


def warnings_of(marked: MarkedScenario) -> list[Warned]:
    """Requirements that can't be met even without load; one line where that can't be told."""
    from telcoai.errors import TelcoaiError
    from telcoai.experiment.shortages import shortages

    try:
        return [Warned(one.line, one.plain()) for one in shortages(marked)]
    except TelcoaiError as err:
        text = f"whether requirements can be met can't be told: {err.message}"
        place = marked.source.mark("spec", "services").where
        return [Warned(f"{place}: warning: {text}", {"place": place, "text": text})]


def warn(marked: MarkedScenario) -> None:
    """Say it before anything is run."""
    found = warnings_of(marked)
    for one in found[:SHOWN]:
        typer.echo(one.line, err=True)
    if len(found) > SHOWN:
        typer.echo(f"{len(found) - SHOWN} more: telcoai validate {marked.source.path}", err=True)
