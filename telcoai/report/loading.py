"""What was loaded while a run counted: stages of models, and the seconds that it took."""

from __future__ import annotations

from dataclasses import dataclass

from telcoai.report.run import Run


@dataclass(frozen=True, slots=True)
class Loads:
    """How many stages, and for how long in all (nodes load side by side)."""

    count: int
    seconds: float


def loads_of(run: Run) -> Loads:
    """Loads that ended after the warm-up."""
    events = run.events
    found = events[(events["kind"] == "loaded") & (events["scored_s"] >= 0)]
    return Loads(len(found), sum(float(what["ms"]) for what in found["what"]) / 1e3)
