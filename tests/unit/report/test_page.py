"""report.html and its plots."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from types import ModuleType

import plotly.graph_objects
import pytest
from hypothesis import given
from hypothesis import strategies as st

import telcoai.report
from telcoai.plugins import strategy_names
from telcoai.report.changes import describe
from telcoai.report.palette import DARK, LIGHT, LOOKS, OWN, SPLIT, TIERS, looks
from telcoai.report.plot_energy import wilson
from telcoai.report.plot_plan import place_of


@pytest.fixture(scope="module")
def page(four: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("page") / "made-up"
    shutil.copytree(four, folder)
    return telcoai.report.write_report(folder).html.read_text(encoding="utf-8")


def figures_of(page: str) -> dict:
    found = re.search(r'<script type="application/json" id="figures">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found.group(1))


def test_plotly_accepts_every_figure(page: str) -> None:
    figures = figures_of(page)
    assert set(figures) == {"front", "cdf", "over-time", "time", "energy", "total", "accuracy", "plan"}
    for figure in figures.values():
        plotly.graph_objects.Figure(figure)


def test_every_energy_axis_says_that_it_is_modelled(page: str) -> None:
    figures = figures_of(page)
    for key, axis in (("energy", "yaxis"), ("total", "yaxis"), ("accuracy", "xaxis"), ("front", "xaxis")):
        assert "(modelled)" in figures[key]["layout"][axis]["title"]["text"]


def test_the_file_is_small_and_names_no_address_outside_plotly(page: str) -> None:
    assert len(page.encode()) < 6_000_000
    own = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", own)
    assert "default-src 'none'" in own


def test_names_are_escaped(made_up: ModuleType, tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script>"
    path = made_up.make_run(tmp_path, made_up.MadeUp(), "edge-only", 1)
    facts = json.loads((path / "run.json").read_text())
    facts |= {"experiment": evil, "strategy": evil, "why_invalid": [evil], "valid": False}
    (path / "run.json").write_text(json.dumps(facts))
    page = telcoai.report.write_report(tmp_path).html.read_text()
    assert "<script>alert" not in page


def test_the_plan_of_an_early_and_a_late_second_differ_for_the_greedy_strategy(page: str) -> None:
    bars = [bar for bar in figures_of(page)["plan"]["data"] if bar["yaxis"] == "y4"]
    early = {bar["name"]: bar["y"][0] for bar in bars}
    late = {bar["name"]: bar["y"][-1] for bar in bars}
    assert early["lite1-160-fp32 on edge"] == 1
    assert late["lite0-128-int8 on device"] == 1


def test_changes_are_told_with_what_was_before() -> None:
    slow, fast = {"delay_ms": 60.0, "rate_bps": 50e6}, {"delay_ms": 8.0, "rate_bps": 50e6}
    told = describe("link", {"changes": [["a--b", slow, fast]]}, {"a--b": (fast, fast)})
    assert told == "a – b: delay 8 → 60 ms ↑"
    assert describe("node", {"node": "edge", "state": "stopped"}, {}) == "edge stops"
    assert describe("node", {"node": "edge", "state": "killed"}, {}) == "the workload on edge is killed"


def test_a_placement_is_told_by_tiers_and_stages() -> None:
    tiers = {"camera-1": "device", "edge": "edge"}
    assert place_of("edge,edge,edge", tiers) == "edge"
    assert place_of("camera-1,edge,edge", tiers) == "device ×1 → edge ×2"


def test_strategies_keep_their_colours_whoever_else_is_there() -> None:
    assert looks(["edge-only"])["edge-only"] == looks(["mine", "edge-only", "device-only"])["edge-only"]
    many = looks(["device-only", "edge-only", "cloud-only", "latency-greedy", "a", "b", "c", "d"])
    assert len({look.colour for look in many.values()}) == 8


@pytest.mark.parametrize("colour", [*(look.colour for look in LOOKS), *TIERS.values(), SPLIT])
@pytest.mark.parametrize("background", [LIGHT, DARK])
def test_colours_stand_out_from_both_backgrounds(colour: str, background: str) -> None:
    lighter, darker = sorted((_luminance(colour), _luminance(background)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 3


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@given(st.integers(1, 5000), st.data())
def test_wilsons_interval_holds_the_share_and_stays_between_0_and_1(trials: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, trials))
    low, high = wilson(successes, trials)
    assert 0 <= low <= successes / trials + 1e-12
    assert successes / trials - 1e-12 <= high <= 1


def test_wilsons_interval_agrees_with_a_published_one() -> None:
    low, high = wilson(81, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_all_strategies_that_ship_look_different() -> None:
    shipped = looks(OWN)
    assert len(set(shipped.values())) == len(OWN) == len(set(strategy_names()) | set(OWN))
