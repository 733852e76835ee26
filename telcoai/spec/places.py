"""Notes problems at places of one document's ``spec``."""

from __future__ import annotations

from dataclasses import dataclass

from telcoai.spec.library import Library, Source
from telcoai.spec.nodes import Mark

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """One document and where its problems go."""

    library: Library
    source: Source

    def mark(self, *place: str | int) -> Mark:
        """Where a value under ``spec`` stands."""
        return self.source.mark("spec", *place)

    def report(self, what: str, *place: str | int) -> None:
        """Note a problem there."""
        self.library.report(self.mark(*place), what)
