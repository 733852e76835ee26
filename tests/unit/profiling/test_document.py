"""The profile's file: what it says, and that it is read back as it was measured."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from telcoai.model.timing import decode_seconds, stage_seconds
from telcoai.model.topology import Band
from telcoai.profiling.document import Given, Outcome, outcome
from telcoai.spec import load_profile, validate
from tests.places import small_workload
from tests.unit.profiling.timings import MACHINE, job, measurement, runs

GIVEN = Given("mine", None, Band(3.3, 3.0, 3.5, "a meter"), Band(9.8, 9.8, 13.8, "a meter " * 200))


def meter(watts: float) -> Band:
    return Band(watts, watts, watts, "a meter")


def made(given: Given = GIVEN) -> Outcome:
    return outcome(given, small_workload(), job(), measurement())


def written(folder: Path, one: Outcome) -> Path:
    file = folder / "mine.yaml"
    file.write_text(one.text(), encoding="utf-8")
    return file


def test_the_file_is_valid_and_gives_back_what_was_measured(tmp_path):
    file = written(tmp_path, made())
    assert validate([file]) == []
    profile, workload = load_profile(file), small_workload()
    for variant, times in (("small-fp32", (2e-3, 2e-3, 2e-3)), ("small-int8", (1.5e-3, 1.5e-3, 1.4e-3))):
        found = [stage_seconds(profile, workload.variant(variant), stage, "tiny") for stage in range(3)]
        assert found == pytest.approx(times, rel=1e-3)
    assert decode_seconds(profile, workload.variant("small-fp32")) == pytest.approx(0.5e-3, rel=1e-3)
    assert (profile.name, profile.cores, profile.memory_bytes) == ("mine", 4, 8 << 30)


def test_what_was_given_keeps_its_figures_and_sources(tmp_path):
    profile = load_profile(written(tmp_path, made()))
    assert profile.power_idle_w == Band(3.3, 3.0, 3.5, "a meter")
    assert (profile.power_busy_w.value, profile.power_busy_w.high) == (9.8, 13.8)
    assert profile.cores == 4
    fewer = made(dataclasses.replace(GIVEN, cores=2)).document["spec"]["cores"]
    assert fewer["value"] == 2
    assert "there are 4 usable cores" in fewer["source"]


def test_a_variant_that_was_not_measured_gets_its_time_from_the_fitted_speed(tmp_path):
    only = measurement(stages={"small-fp32": (runs(2.0),) * 3})
    profile = load_profile(written(tmp_path, outcome(GIVEN, small_workload(), job(), only)))
    variant = dataclasses.replace(small_workload().variant("small-fp32"), name="another")
    assert stage_seconds(profile, variant, 0, "tiny") == pytest.approx(2e-3, rel=1e-3)
    with pytest.raises(KeyError, match="no speed for precision int8"):
        stage_seconds(profile, small_workload().variant("small-int8"), 0, "tiny")


def test_date_versions_machine_and_spread_stand_in_the_file():
    spec = made().document["spec"]
    assert spec["measured"]["date"] == "2030-01-02T03:04:05+00:00"
    assert {key: spec["measured"][key] for key in ("machine", "governor", "onnxruntime")} == {
        "machine": MACHINE.machine,
        "governor": "performance",
        "onnxruntime": "1.20.0",
    }
    assert (spec["measured"]["warmup"], spec["measured"]["seed"]) == (10, 7)
    first = spec["stages"][0]
    assert (first["low"][0], first["times"][0], first["high"][0], first["runs"]) == ("1.995ms", "2ms", "2.005ms", 20)


def test_warnings_stand_in_the_file_and_at_its_head():
    noisy = measurement(dataclasses.replace(MACHINE, load=4.0))
    one = outcome(GIVEN, small_workload(), job(), noisy)
    assert one.warnings[0].startswith("the load average was 4.0")
    assert one.document["spec"]["measured"]["warnings"] == list(one.warnings)
    assert "# the load average was 4.0 on 4 cores" in one.text()


def test_the_same_timings_give_the_same_file():
    assert made().text() == made().text()


def test_stages_of_like_size_are_said_to_tell_little_of_overhead():
    assert any("can hardly be told from the speed" in line for line in made().warnings)


@pytest.mark.parametrize("watts", [0.0, 0.000123, 3.3, 1500.0])
def test_every_power_is_written_so_that_it_is_read_back(tmp_path, watts):
    profile = load_profile(written(tmp_path, made(Given("mine", 1, meter(watts), meter(2000.0)))))
    assert profile.power_idle_w.value == pytest.approx(watts)
