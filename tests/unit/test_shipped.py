"""Every file that ships is loaded, fits the schema that it names, and says where its figures come from."""

import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from telcoai.spec import load_scenario, load_testbed, schema, validate
from telcoai.spec.json_schema import file_of
from telcoai.spec.library import Library
from telcoai.spec.references import shipped

ROOT = shipped()
FILES = sorted([*ROOT.glob("testbeds/**/*.yaml"), *ROOT.glob("scenarios/**/*.yaml")])
TESTBEDS = sorted(ROOT.glob("testbeds/*.yaml"))
SCENARIOS = sorted(ROOT.glob("scenarios/*.yaml"))
PROFILES = sorted([*ROOT.glob("testbeds/profiles/*.yaml"), *ROOT.glob("testbeds/radios/*.yaml")])


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=named)
def test_a_shipped_file_has_no_problem_and_its_own_name(path):
    assert validate([path]) == []
    for source in Library().sources(path):
        assert source.name() == path.stem


@pytest.mark.parametrize("path", FILES, ids=named)
def test_a_shipped_file_names_the_schema_that_it_fits(path):
    (source,) = Library().sources(path)
    line = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", path.read_text().splitlines()[0])
    assert line is not None
    assert (path.parent / line[1]).resolve() == file_of(source.kind)
    problems = list(Draft202012Validator(schema(source.kind)).iter_errors(source.table.plain()))
    assert problems == []


@pytest.mark.parametrize("path", PROFILES, ids=named)
def test_every_figure_of_a_profile_has_its_source(path):
    def figures(value):
        if isinstance(value, dict):
            if "value" in value:
                assert len(value["source"]) > 10
            for one in value.values():
                figures(one)
        elif isinstance(value, list):
            for one in value:
                figures(one)

    (source,) = Library().sources(path)
    figures(source.table.plain()["spec"])


@pytest.mark.parametrize("path", TESTBEDS, ids=named)
def test_a_shipped_testbed_is_loaded_by_its_name(path):
    assert load_testbed(path.stem) == load_testbed(path)


@pytest.mark.parametrize("path", SCENARIOS, ids=named)
def test_a_shipped_scenario_is_loaded_by_its_name(path):
    assert load_scenario(path.stem) == load_scenario(path)


def test_what_must_ship_ships():
    names = {named(path) for path in FILES}
    assert {
        "testbeds/quickstart.yaml",
        "testbeds/city.yaml",
        "scenarios/quickstart.yaml",
        "scenarios/city.yaml",
    } <= names
    for profile in ("raspberry-pi-4", "raspberry-pi-5", "jetson-orin-nano", "edge-server", "cloud-server"):
        assert f"testbeds/profiles/{profile}.yaml" in names
    for radio in ("5g-nsa", "5g-mmwave", "lte", "wifi"):
        assert f"testbeds/radios/{radio}.yaml" in names


def test_quickstart_and_city_have_the_size_that_they_are_told_by():
    quickstart, city = load_testbed("quickstart"), load_testbed("city")
    assert [len(quickstart.tier(t)) for t in ("device", "edge", "cloud")] == [4, 1, 1]
    assert [len(city.tier(t)) for t in ("device", "edge", "cloud")] == [40, 4, 1]
