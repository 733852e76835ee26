"""Plots of latency: its distribution, and its percentiles over time."""

from __future__ import annotations

import math

import numpy as np

from telcoai.report.drawing import Drawing, Figure, Series, event_marks, figure, short
from telcoai.report.palette import GREY
from telcoai.report.requirements import requirement_phases

MOST_POINTS = 400
TICKS_MS = [step * 10.0**power for power in range(-2, 6) for step in (1, 2, 5)]


def latency_cdf(drawn: Drawing) -> Figure:
    """Share of all scheduled requests that were answered within x ms: a curve that ends below 1 shows errors."""
    curves = [_curve(one) for one in drawn.series]
    deadlines = sorted({float(d) for one in drawn.series for d in one.scored["deadline_ms"].dropna().unique()})
    marks = [
        {
            "x": [deadline, deadline],
            "y": [0, 1],
            "mode": "lines",
            "name": f"deadline {deadline:g} ms",
            "line": {"color": GREY, "width": 1.5, "dash": dash},
            "hoverinfo": "name",
        }
        for deadline, dash in zip(deadlines, ["dash", "dot", "dashdot", "longdash"] * len(deadlines), strict=False)
    ]
    axis = {"type": "log", "tickvals": TICKS_MS, "ticktext": [f"{tick:g}" for tick in TICKS_MS], "minor": {"ticks": ""}}
    return figure(
        [*curves, *marks],
        f"latency, ms ({drawn.how})",
        "share of scheduled requests",
        xaxis=axis,
        yaxis={"range": [0, 1.02]},
    )


def _curve(one: Series) -> Figure:
    rows = one.scored
    latency_ms = np.sort(rows["latency_ms"].dropna().to_numpy())
    ranks = np.unique(np.linspace(0, max(latency_ms.size - 1, 0), MOST_POINTS).astype(int))[: latency_ms.size]
    return {
        "x": short(latency_ms[ranks]),
        "y": short((ranks + 1) / max(len(rows), 1)),
        "mode": "lines",
        "name": one.label,
        "line": {"color": one.look.colour, "dash": one.look.dash, "width": 2, "shape": "hv"},
        "hovertemplate": "%{y:.1%} within %{x:.1f} ms<extra>" + one.label + "</extra>",
    }


def latency_over_time(drawn: Drawing) -> Figure:
    """p95 (thick) and p50 (thin) of requests scheduled in each second, and the deadline in force."""
    data = [trace for one in drawn.series for trace in _percentiles(one, drawn)]
    values = [value for trace in data for value in trace["y"] if value]
    axis: Figure = {"rangemode": "tozero"}
    if values and max(values) > 20 * min(values):
        axis = {"type": "log"}
    seconds = "second" if drawn.bin_s == 1 else f"{drawn.bin_s:g} s"
    title = f"latency in each {seconds}, ms ({drawn.how})"
    return figure(
        [*data, *_deadlines(drawn)],
        "seconds after warm-up",
        title,
        yaxis=axis,
        xaxis=drawn.time_axis,
        **event_marks(drawn),
    )


def _percentiles(one: Series, drawn: Drawing) -> list[Figure]:
    rows = one.scored[one.scored["answered"]]
    grouped = rows.groupby(drawn.bins(rows))["latency_ms"]
    traces = []
    for share, width in ((0.95, 2.2), (0.50, 1.0)):
        marks = grouped.quantile(share, interpolation="higher")
        traces.append(
            {
                "x": short(marks.index),
                "y": short(marks),
                "mode": "lines",
                "name": f"{one.label}" if share > 0.9 else f"{one.label} p50",
                "legendgroup": one.label,
                "showlegend": share > 0.9,
                "line": {"color": one.look.colour, "dash": one.look.dash, "width": width},
                "hovertemplate": f"p{share * 100:.0f} %{{y:.1f}} ms<extra>{one.label}</extra>",
            }
        )
    return traces


def _deadlines(drawn: Drawing) -> list[Figure]:
    """A step line for each service's deadline, from the first run drawn."""
    if not drawn.series:
        return []
    run = drawn.series[0].runs[0]
    end_s = float(run.facts.get("duration_s", 0.0))
    lines = []
    for service, phases in requirement_phases(run).items():
        steps = [(max(start_s, 0.0), asked.deadline_ms or math.nan) for start_s, asked in phases]
        if any(math.isfinite(deadline) for _, deadline in steps):
            lines.append(
                {
                    "x": short([*(start_s for start_s, _ in steps), end_s]),
                    "y": short([*(deadline for _, deadline in steps), steps[-1][1]]),
                    "mode": "lines",
                    "name": f"deadline of {service}",
                    "line": {"color": GREY, "width": 1.5, "dash": "dash", "shape": "hv"},
                }
            )
    return lines
