"""What happened during a run, in words: the events that plots mark with letters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

from telcoai.report.run import Run

State = Mapping[str, Any]
KINDS = ("link", "demand", "requirements", "service", "node")
FIELDS = (
    ("delay_ms", "delay", "{:g} ms", 1.0),
    ("jitter_ms", "jitter", "{:g} ms", 1.0),
    ("rate_bps", "rate", "{:g} Mbit/s", 1e-6),
    ("loss", "loss", "{:g} %", 100.0),
    ("reorder", "reordering", "{:g} %", 100.0),
    ("queue_bytes", "queue", "{:g} bytes", 1.0),
)


_NODES = {
    "stopped": "{} stops",
    "unreachable": "{} is cut off",
    "running": "{} is back",
    "killed": "the workload on {} is killed",
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One change of the timeline; times in s after warm-up, the real one as in the first run that has it."""

    letter: str
    kind: str
    at_s: float
    real_s: float
    text: str


def happenings(runs: tuple[Run, ...]) -> tuple[Happening, ...]:
    """The timeline's changes, each once, whichever run recorded it first. Refused plans aren't part of it."""
    found: dict[tuple[str, float, str], tuple[float, str]] = {}
    for run in runs:
        states = {f"{link['a']}--{link['b']}": (link["up"], link["down"]) for link in run.topology.get("links", ())}
        events = run.events[run.events["kind"].isin(KINDS)]
        ordered_rows = events.sort_values("scored_s", kind="stable")[["kind", "scored_s", "real_s", "what"]]
        for kind, at_s, real_s, what in ordered_rows.itertuples(index=False):
            text = describe(kind, what, states)
            found.setdefault((kind, round(float(at_s), 6), text), (float(real_s) - run.warmup_s, text))
    ordered = sorted(found.items(), key=lambda item: item[0][1])
    return tuple(
        Happening(_letter(k), kind, at_s, real_s, text) for k, ((kind, at_s, _), (real_s, text)) in enumerate(ordered)
    )


def describe(kind: str, what: State, states: dict[str, tuple[State, State]]) -> str:
    """An event in words; ``states`` (up, down of each link) is kept up to date."""
    if kind == "link":
        return _describe_links(what["changes"], states)
    if kind == "node":
        return _NODES[what["state"]].format(what["node"])
    if kind == "service":
        return f"{what['service']} {what['state']}"
    if kind == "demand":
        demand = what["demand"]
        return f"{what['service']}: demand {demand['arrival']} {demand['rate_per_s']:g}/s per device"
    return f"{what['service']}: {describe_requirements(what['requirements'])}"


def describe_requirements(asked: State) -> str:
    """Requirements in words."""
    parts = []
    if asked.get("deadline_ms") is not None:
        parts.append(f"p{asked.get('percentile', 95):g} ≤ {asked['deadline_ms']:g} ms")
    if asked.get("accuracy_min") is not None:
        parts.append(f"accuracy ≥ {asked['accuracy_min']:g}")
    if asked.get("energy_per_request_j") is not None:
        parts.append(f"energy ≤ {asked['energy_per_request_j']:g} J a request")
    if asked.get("lasts_s") is not None:
        parts.append(f"batteries last {asked['lasts_s'] / 3600:g} h")
    told = ", ".join(parts) or "nothing asked"
    return told if asked.get("weight", 1) == 1 else f"{told}; weight {asked['weight']:g}"


def _describe_links(changes: list[list[Any]], states: dict[str, tuple[State, State]]) -> str:
    told: dict[str, list[str]] = {}
    for name, up, down in changes:
        before = states.get(name, ({}, {}))
        ways = [_describe_way(old, new) for old, new in zip(before, (up, down), strict=True)]
        apart = " and ".join(f"{way} {arrow}" for way, arrow in zip(ways, "↑↓", strict=True) if way)
        words = ways[0] if ways[0] == ways[1] else apart
        told.setdefault(words or "as before", []).append(name)
        states[name] = (up, down)
    return "; ".join(f"{_named(names)}: {words}" for words, names in told.items())


def _describe_way(old: State, new: State) -> str:
    parts = []
    for field, word, form, scale in FIELDS:
        if new.get(field) != old.get(field):
            before = f"{form.format(old[field] * scale).split()[0]} → " if field in old else ""
            parts.append(f"{word} {before}{form.format(new[field] * scale)}")
    return ", ".join(parts)


def _named(names: list[str]) -> str:
    shown = [name.replace("--", " – ") for name in names]
    return shown[0] if len(shown) == 1 else f"{len(shown)} links ({shown[0]} … {shown[-1]})"


def _letter(number: int) -> str:
    """A … Z, then A2 …"""
    again, letter = divmod(number, len(ascii_uppercase))
    return ascii_uppercase[letter] + (str(again + 1) if again else "")
