"""Colours, dashes and symbols: fixed for the strategies that come with telcoai, and never told apart by colour alone.

Every colour has a contrast of at least 3:1 against both backgrounds of a report.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LIGHT, DARK = "#ffffff", "#14181d"
"""Backgrounds of plots in a report."""

GREY = "#808890"
"""What isn't a strategy: deadlines, events, answers that never came."""


@dataclass(frozen=True, slots=True)
class Look:
    """How one strategy is drawn."""

    colour: str
    dash: str
    symbol: str


LOOKS = (
    Look("#2f86d6", "solid", "circle"),
    Look("#17986a", "dash", "square"),
    Look("#d4690f", "dashdot", "diamond"),
    Look("#a862d4", "solid", "star"),
    Look("#d6457f", "dash", "triangle-up"),
    Look("#8a8420", "dashdot", "cross"),
    Look("#1a94a8", "longdash", "x"),
    Look("#b8625a", "dot", "hexagon"),
)
OWN = {
    "device-only": LOOKS[0],
    "edge-only": LOOKS[1],
    "cloud-only": LOOKS[2],
    "latency-greedy": LOOKS[3],
}

TIERS = {"device": "#2f86d6", "edge": "#17986a", "cloud": "#d4690f"}
"""A tier has the colour of the strategy that uses nothing else."""

SPLIT = "#a862d4"
"""Work on several tiers."""


def looks(strategies: Iterable[str]) -> dict[str, Look]:
    """A look for each strategy; those that don't come with telcoai get the rest, in the order of their names."""
    names = list(dict.fromkeys(strategies))
    others = sorted(name for name in names if name not in OWN)
    free = LOOKS[len(OWN) :]
    return {name: OWN[name] if name in OWN else free[others.index(name) % len(free)] for name in names}
