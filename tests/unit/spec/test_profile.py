"""Device profiles: measured stages with their spread, and names that mean one profile."""

from __future__ import annotations

import textwrap

import pytest

from telcoai.errors import SpecError
from telcoai.spec import load_profile, load_testbed, validate

PROFILE = """
apiVersion: telcoai/v1alpha1
kind: DeviceProfile
metadata: {{name: {name}}}
spec:
  cores: {{value: 4, source: mine}}
  memory: {{value: 4GiB, source: mine}}
  power:
    idle: {{value: 2W, source: mine}}
    busy: {{value: 5W, source: mine}}
  overhead: {{value: 0.1ms, source: mine}}
  speeds: [{{precision: fp32, value: 10GFLOP/s, source: mine}}]
  stages:
    - {{variant: v, times: [2ms, 3ms], {spread}source: mine}}
"""


def profile(folder, spread="", name="mine"):
    file = folder / f"{name}.yaml"
    file.write_text(PROFILE.format(spread=spread, name=name))
    return file


def test_a_profile_is_loaded_by_file_or_by_shipped_name(tmp_path):
    found = load_profile(profile(tmp_path, "low: [1.9ms, 2.8ms], high: [2.1ms, 3.5ms], runs: 30, "))
    assert found.stage_s == {"v": (0.002, 0.003)}
    assert load_profile("raspberry-pi-5").cores == 4


@pytest.mark.parametrize(
    ("spread", "said"),
    [
        ("low: [1.9ms], ", "an entry for each stage"),
        ("low: [2.1ms, 2.8ms], ", "between its quartiles"),
        ("high: [2.1ms, 2.9ms], ", "between its quartiles"),
        ("runs: 0, ", "runs"),
    ],
)
def test_a_spread_that_does_not_hold_its_times_is_refused(tmp_path, spread, said):
    (problem,) = validate([profile(tmp_path, spread)])
    assert said in problem


def test_two_unlike_profiles_of_one_name_are_refused_in_a_testbed(tmp_path):
    profile(tmp_path, name="raspberry-pi-5").rename(tmp_path / "own.yaml")
    (tmp_path / "bed.yaml").write_text(
        textwrap.dedent("""
            apiVersion: telcoai/v1alpha1
            kind: Testbed
            metadata: {name: bed}
            spec:
              nodes:
                - {name: a, tier: device, profile: raspberry-pi-5}
                - {name: b, tier: device, profile: ./own.yaml}
                - {name: c, tier: edge, profile: ./own.yaml}
              links:
                - {between: [a, c], delay: 1ms}
                - {between: [b, c], delay: 1ms}
        """)
    )
    with pytest.raises(SpecError, match="another profile is named 'raspberry-pi-5'"):
        load_testbed(tmp_path / "bed.yaml")
    same = (tmp_path / "bed.yaml").read_text().replace("profile: raspberry-pi-5", "profile: ./own.yaml")
    (tmp_path / "bed.yaml").write_text(same)
    assert load_testbed(tmp_path / "bed.yaml").profile_of("a").speeds[0].gflops.value == 10.0
