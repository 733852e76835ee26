"""Devices whose requests take turns over two edges, for real."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.e2e.experiment.small_world import telcoai, write_world

pytestmark = [pytest.mark.sandbox, pytest.mark.e2e]

SPREAD = """
from dataclasses import replace

from plugin import plan_on
from telcoai.model.plan import Plan


class Spread:
    name, summary = "spread", "on two edges in turn"

    def plan(self, view):
        both = (replace(one, replicas=(("edge-2",) * 3,)) for one in plan_on(view, "edge").assignments)
        return Plan(tuple(both))
"""
EDGE = "    - {name: edge, tier: edge, profile: edge-server}\n"
LINK = "    - {between: [camera, edge], delay: 5ms, rate: 50mbit, radio: 5g-nsa}\n"


def with_two_edges(folder: Path) -> Path:
    """The scenario of a small world with another edge like the first."""
    path = write_world(folder, strategies='["./spread.py:Spread"]', compute="replay")
    text = path.read_text()
    for line, named in ((EDGE, "name: edge,"), (LINK, "camera, edge]")):
        assert line in text
        text = text.replace(line, line + line.replace(named, named.replace("edge", "edge-2")))
    path.write_text(text)
    (folder / "spread.py").write_text(SPREAD)
    return path


def test_each_of_two_edges_serves_half_of_every_device(world):
    path = with_two_edges(world)
    done = telcoai(world, "bench", str(path), "--out", "out")
    assert done.returncode in (0, 4), done.stderr  # 4: a busy host makes the run invalid, and serves no one elsewhere
    rows = pq.read_table(world / "out/Spread-r1/samples.parquet").to_pandas()
    assert (rows["status"] == "200").all()
    assert (rows["placement"] == [",".join([hops[-1]["node"]] * 3) for hops in rows["hops"]]).all()
    assert set(rows["device"]) == {"camera-1", "camera-2"}
    for _, own in rows.groupby("device"):
        counts = own["placement"].value_counts()
        assert set(counts.index) == {"edge,edge,edge", "edge-2,edge-2,edge-2"}
        assert abs(counts.iloc[0] - counts.iloc[1]) <= 1
