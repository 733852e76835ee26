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


COLOURS = ("#2f86d6", "#17986a", "#d4690f", "#a862d4", "#d6457f", "#8a8420", "#1a94a8", "#b8625a")
DASHES = ("solid", "dash", "dashdot", "solid", "dash", "dashdot", "longdash", "dot")
SYMBOLS = ("circle", "square", "diamond", "star", "triangle-up", "cross", "x", "hexagon")
FILLS = ("", "-open", "-dot")

LOOKS = tuple(
    Look(COLOURS[k], DASHES[(k + 3 * turn) % len(DASHES)], SYMBOLS[k] + FILLS[turn])
    for turn in range(len(FILLS))
    for k in range(len(COLOURS))
)
"""Three turns through the colours, each with other dashes and symbols of its own."""

_SHIPPED = (
    *(
        "device-only",
        "edge-only",
        "cloud-only",
        "latency-greedy",
        "slo-mpc",
        "energy-aware",
        "early-exit",
        "kube-default",
    ),
    *("neurosurgeon", "model-switching", "marginal-power", "round-robin", "lyapunov", "bandit", "oracle", "admission"),
    "batching",
)
OWN = dict(zip(_SHIPPED, LOOKS, strict=False))

TIERS = {"device": "#2f86d6", "edge": "#17986a", "cloud": "#d4690f"}
"""A tier has the colour of the strategy that uses nothing else."""

SPLIT = "#a862d4"
"""Work on several tiers."""


def looks(strategies: Iterable[str]) -> dict[str, Look]:
    """A look for each strategy; those that don't come with telcoai get others, in the order of their names, with
    colours of their own as long as there are some."""
    names = list(dict.fromkeys(strategies))
    found = {name: OWN[name] for name in names if name in OWN}
    colours = {look.colour for look in found.values()}
    free = sorted((look for look in LOOKS if look not in found.values()), key=lambda look: look.colour in colours)
    others = sorted(name for name in names if name not in OWN)
    found |= {name: (free or LOOKS)[number % len(free or LOOKS)] for number, name in enumerate(others)}
    return {name: found[name] for name in names}
