"""Where the time of an answered request goes, as its hops reported it."""

from __future__ import annotations

import pandas as pd

from telcoai.report.drawing import Drawing, Figure, Series, figure, short, tick_labels
from telcoai.report.palette import GREY, TIERS

PARTS = {"compute_ns": ("compute, paced", ""), "queue_ns": ("queue", "/")}
NETWORK, REST = "network", "rest"


def time_parts(drawn: Drawing) -> Figure:
    """Mean ms of queue and compute on each tier, of network, and what no hop accounts for."""
    means = {one.label: _means(one) for one in drawn.series}
    labels = list(means)
    keys = [(tier, part) for tier in TIERS for part in PARTS] + [("", NETWORK), ("", REST)]
    bars = [_bar(key, labels, [float(means[label].get(key, 0.0)) for label in labels]) for key in keys]
    shown = [bar for bar in bars if any(bar["y"])]
    return figure(shown, "", "mean ms an answered request", barmode="stack", yaxis={"rangemode": "tozero"})


def _means(one: Series) -> pd.Series[float]:
    """Mean ms by (tier, part) over all answered scored requests of a strategy."""
    rows = one.scored[one.scored["answered"]]
    hops = pd.concat([run.hops.assign(tier=run.hops["node"].map(run.tiers)) for run in one.runs], ignore_index=True)
    keys = ["run", "service", "device", "request_id"]
    own = hops.merge(rows[keys], on=keys)
    count = max(len(rows), 1)
    sums = own.groupby("tier")[list(PARTS)].sum() / 1e6 / count
    means = {(str(tier), part): float(sums.loc[tier, part]) for tier in sums.index for part in PARTS}
    means["", NETWORK] = float(own["network_ns"].sum()) / 1e6 / count
    accounted = sum(means.values())
    means["", REST] = max(0.0, float(rows["latency_ms"].sum()) / count - accounted)
    return pd.Series(means)


def _bar(key: tuple[str, str], labels: list[str], values: list[float]) -> Figure:
    tier, part = key
    if part in PARTS:
        word, pattern = PARTS[part]
        name, colour = f"{tier}: {word}", TIERS[tier]
    else:
        name, colour, pattern = {
            NETWORK: ("network, emulated", "#a862d4", "-"),
            REST: ("driver and handling", GREY, ""),
        }[part]
    return {
        "type": "bar",
        "x": tick_labels(labels),
        "y": short(values),
        "name": name,
        "marker": {
            "color": colour,
            "pattern": {"shape": pattern, "bgcolor": colour, "fgcolor": "#ffffff", "size": 6, "solidity": 0.25},
        },
        "hovertemplate": "%{y:.3g} ms<extra>" + name + "</extra>",
    }
