"""The plan over time: which variant answered where, as shares of the requests of each second."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

import pandas as pd

from telcoai.report.drawing import Drawing, Figure, Series, event_marks, short
from telcoai.report.palette import GREY, SPLIT, TIERS

NO_ANSWER, OTHER = "no answer", "other"
ROW_PX = 110
MOST_KINDS = 9
PATTERNS = ("", "/", ".", "-", "x")


def plan_over_time(drawn: Drawing) -> Figure:
    """A row of stacked bars for each strategy; the commonest combinations have a colour each."""
    frames = [_labelled(one) for one in drawn.series]
    kinds = _kinds(frames)
    data: list[Figure] = []
    for row, frame in enumerate(frames):
        data += _bars(frame, drawn, kinds, row)
    return {"data": data, "layout": _layout(drawn)}


def place_of(placement: str, tiers: Mapping[str, str]) -> str:
    """Tiers of a placement in order: ``edge``, or with the number of stages ``device ×1 → edge ×2``."""
    steps = [(tier, len(list(nodes))) for tier, nodes in groupby(tiers.get(n, n) for n in placement.split(","))]
    if len(steps) == 1:
        return steps[0][0]
    return " → ".join(f"{tier} ×{count}" for tier, count in steps)


def _labelled(one: Series) -> pd.DataFrame:
    """Scored samples with ``kind``: variant and place."""
    parts = []
    for run in one.runs:
        rows = run.scored
        places = {text: place_of(text, run.tiers) for text in rows["placement"].unique()}
        told = rows["variant"] + " on " + rows["placement"].map(places)
        parts.append(rows.assign(kind=told.where(rows["answered"], NO_ANSWER)))
    return pd.concat(parts, ignore_index=True)


def _kinds(frames: list[pd.DataFrame]) -> dict[str, Figure]:
    """Colour and pattern of each kind, the commonest first: the colour says where, the pattern which variant."""
    counts = pd.concat([frame["kind"] for frame in frames]).value_counts() if frames else pd.Series(dtype=int)
    named = [str(kind) for kind in counts.index if kind != NO_ANSWER]
    markers: dict[str, Figure] = {}
    used: dict[str, int] = {}
    for kind in named[:MOST_KINDS]:
        colour = TIERS.get(kind.rpartition(" on ")[2], SPLIT)
        markers[kind] = _marker(colour, PATTERNS[used.get(colour, 0) % len(PATTERNS)])
        used[colour] = used.get(colour, 0) + 1
    if len(named) > MOST_KINDS:
        markers[OTHER] = _marker(GREY, ".")
    return markers | ({NO_ANSWER: _marker(GREY, "x")} if NO_ANSWER in counts.index else {})


def _marker(colour: str, pattern: str) -> Figure:
    hatch = {"shape": pattern, "bgcolor": colour, "fgcolor": "#ffffff", "size": 6, "solidity": 0.2}
    return {"color": colour, "line": {"width": 0}, "pattern": hatch}


def _bars(frame: pd.DataFrame, drawn: Drawing, kinds: Mapping[str, Figure], row: int) -> list[Figure]:
    shown = frame["kind"].where(frame["kind"].isin(list(kinds)), OTHER)
    counts = pd.crosstab(drawn.bins(frame), shown)
    shares = counts.div(counts.sum(axis=1), axis=0)
    axes = {"xaxis": "x", "yaxis": f"y{row + 1}" if row else "y"}
    return [
        {
            "type": "bar",
            **axes,
            "x": short(shares.index),
            "y": short(shares[kind] if kind in shares else [0.0] * len(shares), 3),
            "width": drawn.bin_s,
            "name": kind,
            "legendgroup": kind,
            "showlegend": row == 0,
            "marker": marker,
            "hovertemplate": "%{y:.0%}<extra>" + kind + "</extra>",
        }
        for kind, marker in kinds.items()
    ]


def _layout(drawn: Drawing) -> Figure:
    """Rows one under the other that share their axis of time."""
    count = max(len(drawn.series), 1)
    marks = event_marks(drawn)
    layout: Figure = {
        "barmode": "stack",
        "bargap": 0,
        "xaxis": {**drawn.time_axis, "anchor": f"y{count}" if count > 1 else "y"},
        "shapes": marks["shapes"],
        "annotations": marks["annotations"],
        "height": ROW_PX * count + 150,
    }
    for row, one in enumerate(drawn.series):
        bottom = 1 - (row + 1) / count
        axis = f"yaxis{row + 1}" if row else "yaxis"
        layout[axis] = {
            "domain": [bottom, bottom + 0.65 / count],
            "range": [0, 1],
            "tickformat": ".0%",
            "tickvals": [0, 0.5, 1],
            "anchor": "x",
        }
        title = {"text": f"<b>{one.label}</b>", "x": 0, "xref": "paper", "xanchor": "left", "yref": "paper"}
        layout["annotations"].append({**title, "y": layout[axis]["domain"][1], "yanchor": "bottom", "showarrow": False})
    return layout
