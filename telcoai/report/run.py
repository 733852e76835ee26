"""One run folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from telcoai.report import tables

ANSWERED = "200"
DROPPED = "dropped"
"""Of a request that the plan in force didn't admit: not served, and nothing that failed."""


@dataclass(frozen=True)
class Run:
    """A run as its folder tells it; ``facts`` is run.json.

    All frames carry ``run``, ``strategy`` and ``repetition``. ``scored_s`` counts seconds from the end of warm-up, as
    ``at`` in a scenario does; all other times are as in the files, from the run's t0.
    """

    path: Path
    facts: Mapping[str, Any]

    @property
    def name(self) -> str:
        """``<strategy>-r<k>``."""
        return str(self.facts.get("run", self.path.name))

    @property
    def strategy(self) -> str:
        """The strategy's name."""
        return str(self.facts.get("strategy", self.path.name))

    @property
    def repetition(self) -> int:
        """1 for the first."""
        return int(self.facts.get("repetition", 1))

    @property
    def state(self) -> str:
        """``complete``, ``partial`` (ended early), ``running`` (goes on, or was killed) or ``unreadable``."""
        return str(self.facts.get("state", "unreadable"))

    @property
    def valid(self) -> bool:
        """Whether the run's own checks let its figures count."""
        return self.facts.get("valid") is True

    @property
    def why_invalid(self) -> tuple[str, ...]:
        """A line for each reason, empty for a valid run."""
        told = tuple(str(line) for line in self.facts.get("why_invalid", ()))
        return told if told or self.valid else ("run.json doesn't say that the run is valid",)

    @property
    def meter(self) -> str:
        """What energy figures come from: ``model`` and others."""
        return str(self.facts.get("meter", "model"))

    @property
    def how(self) -> str:
        """Where latencies and answers come from: ``measured`` on a testbed, or ``simulated``."""
        return "simulated" if self.facts.get("simulated") is True else "measured"

    @property
    def foresees(self) -> bool:
        """Whether its strategy was told the future: a bound, and no rival of the others."""
        return self.facts.get("foresight") is True

    @property
    def warmup_s(self) -> float:
        """Seconds from t0 that don't count."""
        return float(self.facts.get("warmup_s", 0.0))

    @property
    def scenario(self) -> Mapping[str, Any]:
        """The scenario as resolved, plain values; empty when run.json lacks it."""
        scenario: Mapping[str, Any] = self.facts.get("scenario") or {}
        return scenario

    @property
    def topology(self) -> Mapping[str, Any]:
        """The testbed as resolved, plain values."""
        topology: Mapping[str, Any] = self.facts.get("testbed") or self.scenario.get("topology") or {}
        return topology

    @property
    def tiers(self) -> Mapping[str, str]:
        """Tier of each node."""
        return {node["name"]: node["tier"] for node in self.topology.get("nodes", ())}

    @cached_property
    def samples(self) -> pd.DataFrame:
        """samples.parquet without ``hops``, and ``answered``, ``latency_ms`` (NaN when not answered), ``scored_s``."""
        frame: pd.DataFrame = self._table.drop_columns([tables.HOPS]).to_pandas()
        frame["answered"] = frame["status"] == ANSWERED
        latency_ms = (frame["done_ns"] - frame["scheduled_ns"]) / 1e6
        frame["latency_ms"] = latency_ms.where(frame["answered"], np.nan)
        frame["scored_s"] = frame["scheduled_ns"] / 1e9 - self.warmup_s
        return self._named(frame)

    @cached_property
    def scored(self) -> pd.DataFrame:
        """The samples that count: all but warm-up."""
        return self.samples[~self.samples["warmup"].astype(bool)]

    @property
    def scored_with_hops(self) -> pd.DataFrame:
        """The scored rows of samples.parquet as written, ``hops`` as a list of dicts in each row."""
        frame: pd.DataFrame = self._table.filter(pc.invert(self._table["warmup"])).to_pandas()
        return frame

    @cached_property
    def hops(self) -> pd.DataFrame:
        """One row for each hop of each request."""
        return self._named(tables.flat_hops(self._table))

    @cached_property
    def energy(self) -> pd.DataFrame:
        """energy.parquet."""
        return self._named(tables.read_frame(self.path / "energy.parquet", tables.ENERGY))

    @cached_property
    def links(self) -> pd.DataFrame:
        """links.parquet."""
        frame = tables.read_frame(self.path / "links.parquet", tables.LINKS)
        frame["scored_s"] = frame["time_ns"] / 1e9 - self.warmup_s
        return self._named(frame)

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """decisions.jsonl."""
        frame = tables.read_lines(self.path / "decisions.jsonl", tables.DECISIONS).drop(columns="strategy")
        frame["scored_s"] = frame["time_s"].astype(float) - self.warmup_s
        return self._named(frame)

    @cached_property
    def events(self) -> pd.DataFrame:
        """events.jsonl; ``scored_s`` is the instant asked for."""
        frame = tables.read_lines(self.path / "events.jsonl", tables.EVENTS)
        frame["scored_s"] = frame["at_s"].astype(float) - self.warmup_s
        return self._named(frame)

    @cached_property
    def _table(self) -> pa.Table:
        return tables.read_samples(self.path)

    def _named(self, frame: pd.DataFrame) -> pd.DataFrame:
        named = frame.drop(columns=[name for name in ("run",) if name in frame])
        named.insert(0, "run", self.name)
        named.insert(1, "strategy", self.strategy)
        named.insert(2, "repetition", self.repetition)
        return named


def read_run(path: Path) -> Run:
    """The run in a folder that has a run.json; one that isn't JSON gives an unreadable, invalid run."""
    try:
        facts = json.loads((path / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as err:
        return Run(path, {"state": "unreadable", "valid": False, "why_invalid": [f"run.json can't be read: {err}"]})
    if not isinstance(facts, dict):
        return Run(path, {"state": "unreadable", "valid": False, "why_invalid": ["run.json holds no object"]})
    return Run(path, facts)
