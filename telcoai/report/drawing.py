"""What plots share: which runs are drawn, the seconds they are binned in, and the form of a figure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from telcoai.report.changes import Happening
from telcoai.report.experiment import Experiment
from telcoai.report.palette import GREY, Look, looks
from telcoai.report.run import Run
from telcoai.report.standings import Standings
from telcoai.report.summary import RunSummary

MOST_BINS = 180
"""Wider bins than a second when a run is longer, so that a report stays small."""

ROUND_S = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600)

Figure = dict[str, Any]
"""A figure of plotly.js: data and layout; colours of the page are set when it is shown."""


@dataclass(frozen=True)
class Series:
    """A strategy as drawn: requests of all its ``runs`` together. ``summaries``: the figures of each run."""

    label: str
    look: Look
    runs: tuple[Run, ...]
    summaries: tuple[RunSummary, ...]

    @property
    def scored(self) -> pd.DataFrame:
        """Scored samples of all its runs."""
        return pd.concat([run.scored for run in self.runs], ignore_index=True)


@dataclass(frozen=True)
class Drawing:
    """Everything that plots are made from. ``counts`` is False when only invalid runs could be drawn."""

    series: tuple[Series, ...]
    changes: tuple[Happening, ...]
    meter: str
    how: str
    counts: bool

    @property
    def modelled(self) -> str:
        """The word for where energy figures come from."""
        return "modelled" if self.meter == "model" else self.meter

    @property
    def bin_s(self) -> float:
        """Width of a bin of time, whole seconds."""
        longest_s = max((float(run.facts.get("duration_s", 0)) for one in self.series for run in one.runs), default=0)
        return float(max(1, math.ceil(longest_s / MOST_BINS)))

    @property
    def time_axis(self) -> Figure:
        """The axis of seconds after warm-up, with round ticks and room for the whole run."""
        longest_s = max((float(run.facts.get("duration_s", 0)) for one in self.series for run in one.runs), default=0)
        step_s = next((step for step in ROUND_S if longest_s <= 10 * step), 3600)
        return {"title": {"text": "seconds after warm-up"}, "range": [0, longest_s], "tick0": 0, "dtick": step_s}

    def bins(self, rows: pd.DataFrame) -> pd.Series[float]:
        """Middle of the bin of each row, s after warm-up."""
        middle: pd.Series[float] = (np.floor(rows["scored_s"] / self.bin_s) + 0.5) * self.bin_s
        return middle.rename("bin_s")


def drawing(experiment: Experiment, standings: Standings, changes: tuple[Happening, ...]) -> Drawing:
    """Draw the runs that count; when there is none, the others, marked as invalid."""
    found = looks(run.strategy for run in experiment.runs)
    counted = [Series(one.strategy, found[one.strategy], one.runs, one.summaries) for one in standings.comparable]
    meter, how = experiment.runs[0].meter, experiment.runs[0].how
    if counted:
        return Drawing(tuple(counted), changes, meter, how, counts=True)
    rest = [
        Series(f"{run.name} (invalid)", found[run.strategy], (run,), (summary,))
        for run, summary in zip(experiment.runs, experiment.summaries, strict=True)
        if not run.scored.empty
    ]
    return Drawing(tuple(rest), changes, meter, how, counts=False)


def figure(data: Iterable[Figure], x_title: str, y_title: str, **layout: Any) -> Figure:
    """A figure with titled axes; ``layout`` adds to plotly's layout, axes are merged."""
    axes = {
        "xaxis": {"title": {"text": x_title}, **layout.pop("xaxis", {})},
        "yaxis": {"title": {"text": y_title}, **layout.pop("yaxis", {})},
    }
    return {"data": list(data), "layout": {**axes, **layout}}


def tick_labels(labels: Iterable[str]) -> list[str]:
    """Names under bars, broken after hyphens so that they fit side by side on a phone."""
    return [label.replace("-", "-<br>").replace(" (", "<br>(") for label in labels]


def event_marks(drawn: Drawing) -> Figure:
    """Shapes and letters for the layout: a line for each change of the timeline."""
    shapes = []
    letters = []
    for change in drawn.changes:
        line = {"color": GREY, "width": 1, "dash": "dot"}
        shapes.append(
            {"type": "line", "x0": change.at_s, "x1": change.at_s, "yref": "paper", "y0": 0, "y1": 1, "line": line}
        )
        letters.append(
            {"x": change.at_s, "yref": "paper", "y": 1, "text": change.letter, "showarrow": False, "yanchor": "bottom"}
        )
    return {"shapes": shapes, "annotations": letters}


def short(values: Iterable[float], digits: int = 4) -> list[float | None]:
    """Numbers for a file: few digits, None for what isn't a number."""
    return [float(f"{value:.{digits}g}") if math.isfinite(value) else None for value in values]
