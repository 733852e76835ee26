"""How the story of long work looks: a live view on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from telcoai.cli.console import story_console

COLUMNS = ("run", "time", "sent", "answered", "errors", "rate", "worst p95", "compute (model)", "accuracy")


class PlainStory:
    """One line when a step ends, one line every ``EVERY_S`` of a run."""

    EVERY_S = 5.0

    def __init__(self, console: Console) -> None:
        self._console = console
        self._next_s = 0.0
        self._run = ""

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Say the step when it is done or has failed."""
        started = time.monotonic()
        try:
            yield
        except BaseException:
            self._console.print(f"✗ {title} ({time.monotonic() - started:.1f} s)", markup=False, soft_wrap=True)
            raise
        self._console.print(f"✓ {title} ({time.monotonic() - started:.1f} s)", markup=False, soft_wrap=True)

    def detail(self, text: str) -> None:
        """A line."""
        self._console.print(f"  · {text}", markup=False, soft_wrap=True)

    def note(self, text: str) -> None:
        """A line."""
        self._console.print(f"  {text}", markup=False, soft_wrap=True)

    def live(self, figures: Mapping[str, Any]) -> None:
        """A line now and then."""
        if figures["run"] != self._run:
            self._run, self._next_s = str(figures["run"]), self.EVERY_S
        if figures["elapsed_s"] >= self._next_s:
            self._next_s += self.EVERY_S
            cells = zip(COLUMNS[1:], row_of(figures)[1:], strict=True)
            self._console.print(
                "  " + "  ".join(f"{name} {cell}" for name, cell in cells), markup=False, soft_wrap=True
            )


class LiveStory:
    """Steps with a spinner and elapsed time, and a table of the run that goes on."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._open: list[tuple[str, float]] = []
        self._rows: dict[str, list[str]] = {}
        self._live: Live | None = None
        self._detail = ""

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show the step until it ends, then leave a line."""
        self._open.append((title, time.monotonic()))
        mark = "[red]✗[/]"
        try:
            with self._shown():
                yield
            mark = "[green]✓[/]"
        finally:
            _, started = self._open.pop()
            self._detail = ""
            self._console.print(f"{mark} {title} [dim]{time.monotonic() - started:.1f} s[/]")

    def detail(self, text: str) -> None:
        """What goes on in the step that is open."""
        self._detail = text
        if self._live is not None:
            self._live.update(self._render())

    def note(self, text: str) -> None:
        """A line above the live view."""
        self._console.print(Text(f"  {text}", style="yellow"))

    def live(self, figures: Mapping[str, Any]) -> None:
        """Update the run's row."""
        self._rows[str(figures["run"])] = row_of(figures)
        if self._live is not None:
            self._live.update(self._render())

    def _shown(self) -> AbstractContextManager[object]:
        self._live = Live(get_renderable=self._render, console=self._console, refresh_per_second=8, transient=True)
        return self._live

    def _render(self) -> Group:
        parts: list[Any] = []
        for title, started in self._open:
            parts.append(Spinner("dots", Text(f"{title}  {time.monotonic() - started:.0f} s")))
        if self._detail and self._open:
            parts.append(Text(f"  {self._detail}", style="dim"))
        if self._rows:
            table = Table(*COLUMNS, box=None, pad_edge=False, header_style="dim")
            for row in self._rows.values():
                table.add_row(*row)
            parts.append(table)
        return Group(*parts)


def row_of(figures: Mapping[str, Any]) -> list[str]:
    """A run's live figures as cells in the order of ``COLUMNS``."""
    elapsed_s = max(float(figures["elapsed_s"]), 1e-9)
    return [
        str(figures["run"]),
        f"{figures['elapsed_s']:.0f}/{figures['total_s']:.0f} s",
        str(figures["sent"]),
        str(figures["done"]),
        str(figures["errors"]),
        f"{figures['sent'] / elapsed_s:.1f}/s",
        f"{figures['p95_ms']:.0f} ms",
        f"{figures['compute_j']:.1f} J",
        f"{figures['correct']:.3f}" if figures["done"] else "–",
    ]


def make_story() -> LiveStory | PlainStory:
    """The story that fits stderr."""
    console = story_console()
    return LiveStory(console) if console.is_terminal else PlainStory(console)
