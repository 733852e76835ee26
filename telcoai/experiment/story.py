"""What an experiment tells while it goes on; the command line decides how it looks."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol


class Story(Protocol):
    """Receives steps, notes and live figures."""

    def step(self, title: str) -> AbstractContextManager[None]:
        """A step that lasts as long as the context."""
        ...

    def detail(self, text: str) -> None:
        """What goes on in the step that is open."""
        ...

    def note(self, text: str) -> None:
        """Something worth saying once."""
        ...

    def live(self, figures: Mapping[str, float | str]) -> None:
        """Figures of the run so far: run, elapsed_s, total_s, sent, done, errors, p95_ms, correct, energy_j."""
        ...
