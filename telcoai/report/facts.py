"""What a report tells of runs besides figures: their judgement, links, decisions, and where all of it comes from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from telcoai.report.run import Run
from telcoai.report.summary import RunSummary

SHOWN_REASONS = 5


@dataclass(frozen=True, slots=True)
class CheckLine:
    """A check as text."""

    name: str
    figure: str
    bound: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """A run, whether its figures count, and its checks."""

    name: str
    state: str
    valid: bool
    why: tuple[str, ...]
    checks: tuple[CheckLine, ...]


Table = tuple[list[str], list[list[str]]]
"""Headings and rows."""


def judge(run: Run) -> Judgement:
    """A run's checks of itself. A run that never ended has none."""
    checks = tuple(_check(one) for one in run.facts.get("checks", ()))
    state = "has not ended: it goes on, or was killed" if run.state == "running" else run.state
    return Judgement(run.name, state, run.valid, run.why_invalid, checks)


def _check(plain: Mapping[str, Any]) -> CheckLine:
    figure, unit = plain.get("figure"), str(plain.get("unit", ""))
    return CheckLine(
        name=str(plain.get("name", "")),
        figure="unknown" if figure is None else _quantity(float(figure), unit),
        bound=_quantity(float(plain.get("bound", math.nan)), unit),
        ok=plain.get("ok") is True,
        detail=str(plain.get("detail", "")),
    )


def _quantity(value: float, unit: str) -> str:
    return f"{value:.2%}" if unit == "share" else f"{value:.4g} {unit}".strip()


def figures_of_runs(runs: tuple[Run, ...], summaries: tuple[RunSummary, ...]) -> Table:
    """The main figures of each run, the invalid ones marked."""
    meter = runs[0].meter
    headings = [
        "run",
        "counts",
        "requests",
        "errors",
        f"p50, ms ({runs[0].how})",
        f"p95, ms ({runs[0].how})",
        "accuracy",
        "correct and on time",
        f"energy a request, J ({meter})",
    ]
    return headings, [[run.name, *_figures(run, figures)] for run, figures in zip(runs, summaries, strict=True)]


def _figures(run: Run, figures: RunSummary) -> list[str]:
    floats = [
        (figures.latency_ms.p50, "{:.1f}"),
        (figures.latency_ms.p95, "{:.1f}"),
        (figures.accuracy, "{:.3f}"),
        (figures.effective_accuracy, "{:.3f}"),
        (figures.energy_j_per_request, "{:.3f}"),
    ]
    counts = [str(figures.requests), str(figures.errors)]
    verdict = "✓ valid" if run.valid else "✗ invalid"
    return [verdict, *counts, *(_or_dash(value, form) for value, form in floats)]


def links_verified(runs: tuple[Run, ...]) -> Table:
    """Links as measured when the testbed came up; the same for all runs of a session, so from the newest."""
    headings = ["link", "RTT asked", "RTT measured", "rate ↑ asked", "measured", "rate ↓ asked", "measured"]
    newest = max(runs, key=lambda run: str(run.facts.get("started", "")))
    return headings, [_verified(one) for one in newest.facts.get("links_verified") or ()]


def _verified(link: Mapping[str, Any]) -> list[str]:
    asked, seen = link["configured"], link["measured"]
    rates = [(asked[way]["rate_bps"], (seen.get(way) or {}).get("rate_bps")) for way in ("up", "down")]
    return [
        " – ".join(link["between"]),
        f"{asked['up']['delay_ms'] + asked['down']['delay_ms']:g} ms",
        _or_dash(seen.get("rtt_ms"), "{:.2f} ms"),
        *(_or_dash(rate, "{:.4g} Mbit/s", 1e-6) for pair in rates for rate in pair),
    ]


def _or_dash(value: float | None, form: str, scale: float = 1.0) -> str:
    return "–" if value is None or math.isnan(value) else form.format(value * scale)


def links_seen(runs: tuple[Run, ...]) -> Table:
    """Delays during all runs, by what was asked: links of one kind together."""
    headings = [
        "links",
        "direction",
        "delay asked",
        "least measured",
        "median measured",
        "readings",
        "lost by the link",
    ]
    frames = [run.links.assign(kind=_kinds(run)) for run in runs if not run.links.empty]
    if not frames:
        return headings, []
    readings = pd.concat(frames, ignore_index=True)
    rows = []
    for (kind, direction, asked), group in readings.groupby(["kind", "direction", "asked_delay_ms"], sort=True):
        seen = group["measured_delay_ms"].dropna()
        rows.append(
            [
                f"{kind} ({group['link'].nunique()})",
                {"up": "↑", "down": "↓"}.get(str(direction), str(direction)),
                f"{asked:g} ms",
                f"{seen.min():.2f} ms" if len(seen) else "–",
                f"{seen.median():.2f} ms" if len(seen) else "–",
                str(len(group)),
                _lost(group),
            ]
        )
    return headings, rows


def _kinds(run: Run) -> pd.Series[str]:
    """``camera – edge`` for ``camera-1--edge``."""
    groups = {node["name"]: node.get("group", node["name"]) for node in run.topology.get("nodes", ())}
    kinds: pd.Series[str] = run.links["link"].map(
        lambda name: " – ".join(groups.get(end, end) for end in str(name).split("--"))
    )
    return kinds


def _lost(readings: pd.DataFrame) -> str:
    """Packets dropped by loss, as a share, over the readings' spans (counters only grow)."""
    groups = readings.groupby(["run", "link"])[["packets", "drops_loss"]]
    grown = (groups.max() - groups.min()).sum()
    packets, drops = float(grown["packets"]), float(grown["drops_loss"])
    return f"{drops / (packets + drops):.2%}" if packets + drops > 0 else "–"


def decisions_made(runs: tuple[Run, ...]) -> Table:
    """How often each strategy decided what, how long it took, and the reasons of plans that changed something."""
    headings = ["run", "plans applied", "unchanged", "failed", "median time", "slowest", "reasons and errors"]
    return headings, [_decided(run) for run in runs if not run.decisions.empty]


def _decided(run: Run) -> list[str]:
    made = run.decisions
    counts = made["status"].value_counts()
    failed = len(made) - int(counts.get("applied", 0)) - int(counts.get("unchanged", 0))
    told = [line for line in map(_told, made.to_dict("records")) if line]
    more = [f"… and {len(told) - SHOWN_REASONS} more in decisions.jsonl"] if len(told) > SHOWN_REASONS else []
    printed = int(made["printed"].notna().sum())
    more += [f"what it printed in {printed} decisions is in decisions.jsonl"] if printed else []
    return [
        run.name,
        str(counts.get("applied", 0)),
        str(counts.get("unchanged", 0)),
        str(failed),
        f"{made['duration_ms'].median():.2f} ms",
        f"{made['duration_ms'].max():.2f} ms",
        "; ".join(told[:SHOWN_REASONS] + more),
    ]


def _told(decision: Mapping[Any, Any]) -> str:
    """What is worth telling of a decision: why a plan changed, or why there was none."""
    when = f"{decision['scored_s']:.0f} s: "
    if decision["status"] == "applied":
        return when + str(decision["reason"] or "no reason given")
    return "" if decision["status"] == "unchanged" else f"{when}{decision['status']}: {decision['error']}"


def replayed(runs: tuple[Run, ...]) -> str:
    """Which share of stage calls was replayed and not run, in words."""
    shares = [float(run.facts["replayed_share"]) for run in runs if run.facts.get("replayed_share") is not None]
    if not shares:
        return "Which share of stages was replayed is unknown."
    if max(shares) == 0:
        return "Every stage really ran; none was replayed."
    least, most = f"{min(shares):.0%}", f"{max(shares):.0%}"
    told = (
        f"{most} of each run's stages were" if least == most else f"Between {least} and {most} of a run's stages were"
    )
    return f"{told} replayed: their outputs were computed before, by the same model."


def provenance(runs: tuple[Run, ...]) -> list[tuple[str, str]]:
    """Facts in order; where runs differ, all values."""
    first = [
        ("scenario", _values(run.scenario.get("name") for run in runs)),
        ("testbed", _values(_testbed(run) for run in runs)),
        ("seed of the scenario", _values(run.scenario.get("seed") for run in runs)),
        ("seeds of repetitions", _values(run.facts.get("seed") for run in runs)),
        ("warm-up and duration", _values(f"{run.warmup_s:g} s + {run.facts.get('duration_s', 0):g} s" for run in runs)),
        ("started", _values(str(run.facts.get("started", ""))[:19].replace("T", " ") for run in runs[:1])),
        ("energy meter", _values(run.meter for run in runs)),
    ]
    versions = {f"version of {name}": None for run in runs for name in run.facts.get("versions") or {}}
    told = [(name, _values((run.facts.get("versions") or {}).get(name[11:]) for run in runs)) for name in versions]
    host = {name: None for run in runs for name in run.facts.get("host") or {}}
    told += [(f"host: {name}", _values(_host_fact(run, name) for run in runs)) for name in host]
    return first + told


def digests(runs: tuple[Run, ...]) -> list[tuple[str, str]]:
    """SHA-256 of the files that figures depend on."""
    names = {name: None for run in runs for name in run.facts.get("digests") or {}}
    return [(name, _values((run.facts.get("digests") or {}).get(name) for run in runs)) for name in names]


def _host_fact(run: Run, name: str) -> Any:
    value = (run.facts.get("host") or {}).get(name)
    return f"{value / 2**30:.1f} GiB" if name.endswith("_bytes") and isinstance(value, int) else value


def _values(values: Iterable[Any]) -> str:
    known = dict.fromkeys(str(value) for value in values if value not in (None, ""))
    return ", ".join(known) or "unknown"


def _testbed(run: Run) -> str:
    tiers = [node["tier"] for node in run.topology.get("nodes", ())]
    counts = ", ".join(f"{tiers.count(tier)} {tier}" for tier in dict.fromkeys(tiers))
    hosts = run.topology.get("hosts", "")
    return f"{run.topology.get('name', 'unknown')} ({counts}{'; ' + hosts + ' hosts' if hosts else ''})"
