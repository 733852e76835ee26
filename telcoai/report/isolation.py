"""Whether nodes that their owners closed worked for nobody else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from telcoai.report.run import Run


def used_by_others(run: Run) -> float:
    """Of the core-time that requests took on closed nodes, warm-up included, the share of services that they are closed
    to: 0 where domains are kept apart. NaN without such nodes, or when none of them worked."""
    closed = {node["name"]: node for node in run.topology.get("nodes", ()) if node.get("open_to") is not None}
    if not closed:
        return math.nan
    owners = {str(one["name"]): str(one.get("domain") or "") for one in run.scenario.get("services", ())}
    there = run.hops[run.hops["node"].isin(closed)]
    strange = [
        not _admits(closed[node], owners.get(service, ""))
        for node, service in zip(there["node"], there["service"], strict=True)
    ]
    busy_ns = float(there["compute_ns"].sum())
    return float(there.loc[strange, "compute_ns"].sum()) / busy_ns if busy_ns else math.nan


def _admits(node: Mapping[str, Any], domain: str) -> bool:
    return domain == node.get("domain", "") or domain in node["open_to"]
