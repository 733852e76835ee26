"""What closed nodes did for others."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import ModuleType

import pytest

from telcoai.report.isolation import used_by_others
from telcoai.report.run import read_run


@pytest.mark.parametrize(
    ("edge", "domain", "share"),
    [
        ({"domain": "north", "open_to": []}, "north", 0.0),
        ({"domain": "north", "open_to": []}, "south", 1.0),
        ({"domain": "north", "open_to": ["south"]}, "south", 0.0),
        ({"domain": "north", "open_to": []}, "", 1.0),
        ({"domain": "north", "open_to": None}, "south", math.nan),
    ],
)
def test_closed_nodes_count_by_whose_requests_kept_them_busy(
    edge: dict[str, object], domain: str, share: float, made_up: ModuleType, tmp_path: Path
) -> None:
    path = made_up.make_run(tmp_path, made_up.MadeUp(), "edge-only", 1)
    facts = json.loads((path / "run.json").read_text())
    topology = facts.get("testbed") or facts["scenario"]["topology"]
    for node in topology["nodes"]:
        node |= edge if node["name"] == "edge" else {}
    for service in facts["scenario"]["services"]:
        service["domain"] = domain
    (path / "run.json").write_text(json.dumps(facts))
    assert used_by_others(read_run(path)) == pytest.approx(share, nan_ok=True)
