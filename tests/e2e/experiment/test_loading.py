"""A variant that isn't loaded takes its time in a real run; requests that aren't admitted are told so."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.e2e.experiment.small_world import telcoai, write_world

pytestmark = [pytest.mark.sandbox, pytest.mark.e2e]

TURNS = """
from dataclasses import replace

from plugin import plan_on


class Turns:
    name, summary = "turns", "small, then large, on the edge; half of what comes after 4 s"

    def plan(self, view):
        plan = plan_on(view, "edge")
        name, share = ("small" if view.time_s < 2 else "large"), (1.0 if view.time_s < 4 else 0.5)
        so = {"variant": name, "fallback": "fail", "fallback_variant": "", "admit": share}
        return replace(plan, assignments=tuple(replace(one, **so) for one in plan.assignments))
"""

LOAD_S = 0.5


def run(world: Path, memory: str) -> tuple[pd.DataFrame, list[dict]]:
    """Samples and events of a run on an edge that gives models that much memory."""
    scenario = write_world(world, strategies='["./plugin.py:Turns"]', compute="replay")
    plugin = world / "plugin.py"
    plugin.write_text(plugin.read_text() + TURNS.replace("from plugin import plan_on\n", ""))
    profile = world / "slow.yaml"
    shipped = Path(__file__).parents[3] / "testbeds/profiles/edge-server.yaml"
    text = shipped.read_text().replace("name: edge-server", "name: slow").replace("value: 14ms", f"value: {LOAD_S}s")
    profile.write_text(text.replace("high: 54ms", f"high: {LOAD_S}s"))
    scenario.write_text(
        scenario.read_text().replace("profile: edge-server}", f"profile: ./slow.yaml, memory: {memory}}}")
    )
    done = telcoai(world, "bench", str(scenario), "--out", "out")
    assert done.returncode in (0, 4), done.stderr
    folder = world / "out/Turns-r1"
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    return pd.read_parquet(folder / "samples.parquet"), events


def test_the_old_variant_serves_while_the_new_one_is_loaded(world):
    samples, events = run(world, "1MiB")
    loads = [one for one in events if one["kind"] == "loaded" and one["what"]["variant"] == "large"]
    assert len(loads) == 3
    assert all(one["what"]["ms"] >= LOAD_S * 1e3 for one in loads)
    served = samples[samples.status == "200"]
    first_large_s = served[served.variant == "large"].scheduled_ns.min() / 1e9
    assert first_large_s > 2 + 3 * LOAD_S - 0.2
    late = samples[samples.scheduled_ns > 4.5e9]
    assert set(samples.status) == {"200", "dropped"}
    assert 0.3 < (late.status == "dropped").mean() < 0.7
    assert not samples[samples.status == "dropped"].on_time.any()
    energy = pd.read_parquet(world / "out/Turns-r1/energy.parquet")
    (loading,) = energy[energy.component == "load"].seconds
    assert loading == pytest.approx(sum(one["what"]["ms"] for one in loads) / 1e3, rel=0.01)


def test_requests_wait_for_the_load_where_memory_holds_one_variant(world):
    samples, events = run(world, "80KiB")
    gone = {one["what"]["variant"] for one in events if one["kind"] == "unloaded"}
    assert gone == {"small"}
    waited = samples[(samples.scheduled_ns > 2.3e9) & (samples.scheduled_ns < 2.9e9) & (samples.status == "200")]
    assert set(waited.variant) == {"large"}
    assert ((waited.done_ns - waited.scheduled_ns) / 1e9).max() > LOAD_S
