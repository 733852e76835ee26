"""How services and devices fare beside each other."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import ModuleType

import pytest

import telcoai.report
from telcoai.report.fairness import jain
from telcoai.report.requirements import devices_met, domains_met, requirements_met, services_met
from telcoai.report.run import Run
from telcoai.report.services import Fared, brief_table, fared, full_table
from telcoai.report.standings import Spread, stand
from telcoai.report.summary import summarise
from telcoai.report.tail import asked_percentiles, tail_of_deadline, tails_ms


@pytest.fixture(scope="module")
def run(made_up: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two services; only vision gets a stricter deadline."""
    folder = tmp_path_factory.mktemp("services")
    made_up.make_run(folder, made_up.MadeUp(second="audio"), "device-only", 1)
    found: Run = telcoai.report.load(folder).runs[0]
    return found


def test_all_services_together_are_met_no_more_often_than_each(run: Run) -> None:
    own = services_met(run)
    assert set(own) == {"vision", "audio"}
    assert requirements_met(run) <= min(own.values())
    assert own["vision"] < own["audio"]


def test_devices_are_judged_by_their_own_requests(run: Run, made_up: ModuleType) -> None:
    shares = devices_met(run)
    assert tuple(shares) == made_up.CAMERAS
    assert shares["camera-1"] < shares["camera-3"]


def test_summaries_hold_jains_index_of_both(run: Run) -> None:
    summary = summarise(run)
    assert summary.fairness_services == pytest.approx(jain(summary.services_met.values()))
    assert summary.fairness_devices == pytest.approx(jain(devices_met(run).values()))


def test_tails_count_failed_requests_and_the_deadline_in_force(run: Run) -> None:
    rows = run.scored[run.scored["service"] == "audio"]
    assert tails_ms(run)["audio"] == rows["latency_ms"].quantile(0.95, interpolation="inverted_cdf")
    assert tail_of_deadline(run) > tails_ms(run)["vision"] / 150
    assert asked_percentiles(run) == (95.0,)


def test_one_service_has_no_table_and_no_index_over_services(four: Path) -> None:
    experiment = telcoai.report.load(four)
    assert fared(stand(experiment)) == ()
    assert math.isnan(experiment.summaries[0].fairness_services)
    assert full_table(()) == ([], [])


def test_the_least_met_service_is_named_unless_all_are_alike() -> None:
    def one(**shares: float) -> Fared:
        spreads = {name: Spread(share, share, share, 1) for name, share in shares.items()}
        return Fared("x", False, spreads, {}, Spread(1.0, 0.9, 1.0, 2), Spread(math.nan, math.nan, math.nan, 0))

    assert one(a=0.5, b=0.4).worst == ("b", 0.4)
    heads, [row] = brief_table((one(a=1.0, b=1.0),))
    assert row == ["x", "all alike", "100%", "1.000", "–"]
    assert len(heads) == len(row)
    assert full_table((one(a=0.5, b=0.4),))[1] == [["x", "50%", "40%", "1.000 (0.900–1.000)", "–"]]


def test_services_of_one_domain_are_met_together(run: Run, made_up: ModuleType, tmp_path: Path) -> None:
    assert domains_met(run) == {}
    path = made_up.make_run(tmp_path, made_up.MadeUp(second="audio"), "device-only", 1) / "run.json"
    facts = json.loads(path.read_text())
    for service in facts["scenario"]["services"]:
        service["domain"] = "plant"
    path.write_text(json.dumps(facts))
    experiment = telcoai.report.load(tmp_path)
    assert domains_met(experiment.runs[0]) == {"plant": requirements_met(run)}
    heads, [row] = full_table(fared(stand(experiment)))
    assert row[heads.index("domain plant met")] == f"{requirements_met(run):.0%}"
