"""How much strategies move, from decisions.jsonl."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import ModuleType
from typing import Any

from telcoai.report.run import Run, read_run
from telcoai.report.switching import plans_changed, plans_decided, switches_per_device


def decided(folder: Path, plans: list[tuple[str, dict[str, str] | None]]) -> Run:
    """A run whose decisions are these: status, and the node that each device sends to."""
    lines = [
        {"time_s": float(k), "status": status, "plan": _plan(nodes) if nodes else None, "duration_ms": 1.0}
        for k, (status, nodes) in enumerate(plans)
    ]
    (folder / "decisions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "run.json").write_text("{}")
    return read_run(folder)


def _plan(nodes: dict[str, str]) -> dict[str, Any]:
    return {"assignments": [{"service": "s", "device": device, "hops": [node]} for device, node in nodes.items()]}


def test_assignments_that_differ_count_and_failed_decisions_do_not(tmp_path: Path) -> None:
    home, away, half = {"a": "a", "b": "b"}, {"a": "edge", "b": "edge"}, {"a": "edge", "b": "b"}
    run = decided(
        tmp_path,
        [("applied", home), ("unchanged", None), ("applied", away), ("raised", None), ("applied", half)],
    )
    assert (plans_decided(run), plans_changed(run)) == (4, 2)
    assert switches_per_device(run) == (2 + 1) / 2


def test_a_device_that_joins_or_leaves_a_plan_is_a_switch(tmp_path: Path) -> None:
    run = decided(tmp_path, [("applied", {"a": "a"}), ("applied", {"a": "a", "b": "b"}), ("applied", {"b": "b"})])
    assert switches_per_device(run) == 1.0


def test_plans_without_devices_have_no_switches(made_up: ModuleType, four: Path) -> None:
    assert math.isnan(switches_per_device(read_run(four / "edge-only-r1")))


def test_another_set_of_replicas_is_a_move(tmp_path: Path) -> None:
    run = decided(tmp_path, [("applied", {"a": "edge"}), ("applied", {"a": "edge"})])
    assert switches_per_device(run) == 0
    lines = [json.loads(line) for line in (tmp_path / "decisions.jsonl").read_text().splitlines()]
    lines[1]["plan"]["assignments"][0]["replicas"] = [["cloud"]]
    (tmp_path / "decisions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert switches_per_device(read_run(tmp_path)) == 1
