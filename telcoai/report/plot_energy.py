"""Plots of energy: where it goes, and what accuracy it buys. Every axis says where the figures come from."""

from __future__ import annotations

import math

import pandas as pd

from telcoai.report.drawing import Drawing, Figure, Series, figure, short, tick_labels
from telcoai.report.palette import GREY, TIERS
from telcoai.report.run import Run
from telcoai.report.summary import RunSummary

IDLE = "idle"
WORDS = {
    "compute": "compute",
    "load": "loading models",
    "radio_base": "radio, connected",
    "radio_bytes": "radio, bytes",
    IDLE: "idle",
}
PATTERNS = {"compute": "", "load": "|", "radio_base": "/", "radio_bytes": "x", IDLE: "."}
ENERGY = ["energy_j", "energy_low_j", "energy_high_j"]
Z95 = 1.959964
"""Two-sided 95 % quantile of the normal distribution."""


def energy_per_request(drawn: Drawing) -> Figure:
    """Dynamic energy of a request, stacked by tier and component; the bar shows the band of the power figures."""
    shares = {one.label: _dynamic_shares(one) for one in drawn.series}
    labels = list(shares)
    keys = sorted({key for share in shares.values() for key in share.index}, key=_key_order)
    bars = [_bar(key, labels, [_pick(shares[label], key) for label in labels]) for key in keys]
    sums = [share.sum() for share in shares.values()]
    return figure(
        [*bars, _band_mark(labels, sums)],
        "",
        f"J a scheduled request ({drawn.modelled})",
        barmode="stack",
        yaxis={"rangemode": "tozero"},
    )


def energy_total(drawn: Drawing) -> Figure:
    """Energy of all nodes over a run, idle power included, stacked by tier."""
    frames = {one.label: _total_by(one) for one in drawn.series}
    labels = list(frames)
    keys = sorted({key for share in frames.values() for key in share.index}, key=_key_order)
    bars = [_bar(key, labels, [_pick(frames[label], key) for label in labels]) for key in keys]
    return figure(bars, "", f"J of a run, idle too ({drawn.modelled})", barmode="stack", yaxis={"rangemode": "tozero"})


def accuracy_against_energy(drawn: Drawing) -> Figure:
    """A filled mark a run: accuracy of answers; a hollow one: correct and on time. Bars: energy band, Wilson 95 %."""
    data = []
    for one in drawn.series:
        for run, summary in zip(one.runs, one.summaries, strict=True):
            first = run is one.runs[0]
            data += [
                _mark(one, run, summary, filled=True, named=first),
                _mark(one, run, summary, filled=False, named=False),
            ]
    return figure(
        data,
        f"dynamic energy a request, J ({drawn.modelled})",
        "filled: accuracy, hollow: correct and on time",
        xaxis={"rangemode": "tozero"},
        yaxis={"tickformat": ".2f"},
    )


def wilson(successes: float, trials: int) -> tuple[float, float]:
    """95 % interval of a share, after Wilson (1927): good for shares near 1, and never outside [0, 1]."""
    if trials == 0:
        return math.nan, math.nan
    share, z2 = successes / trials, Z95**2
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z95 / (1 + z2 / trials) * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def _mark(one: Series, run: Run, summary: RunSummary, *, filled: bool, named: bool) -> Figure:
    trials = summary.requests - summary.errors if filled else summary.requests
    share = summary.accuracy if filled else summary.effective_accuracy
    low, high = wilson(share * trials, trials) if math.isfinite(share) else (math.nan, math.nan)
    energy_j = summary.energy_j_per_request
    less, more = band_factors(run)
    bars = {"color": one.look.colour, "thickness": 1, "width": 3, "type": "data", "symmetric": False}
    what = "accuracy" if filled else "correct and on time"
    return {
        "x": short([energy_j]),
        "y": short([share]),
        "mode": "markers",
        "name": one.label,
        "legendgroup": one.label,
        "showlegend": named,
        "marker": {
            "symbol": one.look.symbol + ("" if filled else "-open"),
            "size": 12,
            "color": one.look.colour,
            "line": {"width": 2 if not filled else 0},
        },
        "error_x": {**bars, "array": short([energy_j * (more - 1)]), "arrayminus": short([energy_j * (1 - less)])},
        "error_y": {**bars, "array": short([high - share]), "arrayminus": short([share - low])},
        "hovertemplate": f"{what} %{{y:.3f}}, %{{x:.3g}} J<extra>{run.name}</extra>",
    }


def band_factors(run: Run) -> tuple[float, float]:
    """Low and high dynamic energy of a run as shares of the modelled figure; NaN without energy."""
    sums = run.energy.loc[run.energy["component"] != IDLE, ENERGY].sum()
    whole_j = float(sums["energy_j"])
    if not whole_j > 0:
        return math.nan, math.nan
    return float(sums["energy_low_j"]) / whole_j, float(sums["energy_high_j"]) / whole_j


def _dynamic_shares(one: Series) -> pd.DataFrame:
    """Energy per request by (tier, component), mean over runs, scaled to the scored samples' own sum."""
    parts = []
    for run, summary in zip(one.runs, one.summaries, strict=True):
        dynamic = run.energy[run.energy["component"] != IDLE]
        whole_j = float(dynamic["energy_j"].sum())
        mean_j = summary.energy_j_per_request
        scale = mean_j / whole_j if whole_j > 0 and math.isfinite(mean_j) else 0.0
        parts.append(dynamic.groupby(["tier", "component"])[ENERGY].sum() * scale)
    return _mean(parts)


def _total_by(one: Series) -> pd.DataFrame:
    return _mean([run.energy.groupby(["tier", "component"])[ENERGY].sum() for run in one.runs])


def _mean(parts: list[pd.DataFrame]) -> pd.DataFrame:
    mean: pd.DataFrame = pd.concat(parts).groupby(level=[0, 1]).sum() / max(len(parts), 1)
    return mean


def _pick(frame: pd.DataFrame, key: tuple[str, str]) -> float:
    return float(frame["energy_j"].get(key, 0.0))


def _key_order(key: tuple[str, str]) -> tuple[int, int]:
    tier, component = key
    tiers, components = list(TIERS), list(WORDS)
    return (
        tiers.index(tier) if tier in tiers else len(tiers),
        components.index(component) if component in components else len(components),
    )


def _bar(key: tuple[str, str], labels: list[str], values: list[float]) -> Figure:
    tier, component = key
    name = f"{tier}: {WORDS.get(component, component)}"
    colour = TIERS.get(tier, GREY)
    return {
        "type": "bar",
        "x": tick_labels(labels),
        "y": short(values),
        "name": name,
        "marker": {
            "color": colour,
            "pattern": {
                "shape": PATTERNS.get(component, "-"),
                "bgcolor": colour,
                "fgcolor": "#ffffff",
                "size": 6,
                "solidity": 0.25,
            },
        },
        "hovertemplate": "%{y:.3g} J<extra>" + name + "</extra>",
    }


def _band_mark(labels: list[str], sums: list[pd.Series[float]]) -> Figure:
    """Error bars without a mark, at the top of each stack."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": tick_labels(labels),
        "y": short(float(one["energy_j"]) for one in sums),
        "showlegend": False,
        "marker": {"color": GREY, "size": 1, "symbol": "line-ew"},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "color": GREY,
            "thickness": 2,
            "array": short(float(one["energy_high_j"] - one["energy_j"]) for one in sums),
            "arrayminus": short(float(one["energy_j"] - one["energy_low_j"]) for one in sums),
        },
        "hoverinfo": "skip",
    }
