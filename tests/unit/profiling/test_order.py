"""What a person asks for: variants, powers, names and hosts, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st

from telcoai.errors import InputError
from telcoai.profiling.order import Power, Runs, default_name, given, job_for
from telcoai.profiling.there import host_inventory
from tests.places import small_workload

RUNS = Runs(threads=2, warmup=3, repeat=4, seed=5)


def test_a_job_has_the_variants_named_in_the_workloads_order_or_all():
    names = [one.name for one in job_for(small_workload(), ["small-int8", "small-fp32"], RUNS).variants]
    assert names == ["small-fp32", "small-int8"]
    assert [one.name for one in job_for(small_workload(), [], RUNS).variants] == names
    only = job_for(small_workload(), ["small-int8"], RUNS)
    assert [one.name for one in only.variants] == ["small-int8"]
    assert (only.threads, only.warmup, only.repeat, only.seed) == (2, 3, 4, 5)


def test_an_unknown_variant_is_refused_with_the_nearest():
    with pytest.raises(InputError, match="did you mean small-int8"):
        job_for(small_workload(), ["small-int4"], RUNS)


def test_powers_that_are_not_given_come_from_the_base_with_its_source():
    known = given("mine", None, Power(3.0, None, "raspberry-pi-5"))
    assert known.idle_w.value == 3.0
    assert "command line" in known.idle_w.source
    assert known.busy_w.value == 9.8
    assert known.busy_w.source.startswith("Profile raspberry-pi-5, not measured: pidramble.com")


@pytest.mark.parametrize(
    ("power", "said"),
    [
        (Power(None, 9.8, ""), "idle power can't be measured"),
        (Power(3.3, None, ""), "busy power can't be measured"),
        (Power(9.9, 9.8, ""), "above busy power"),
        (Power(None, None, "raspberry-pie-5"), "did you mean raspberry-pi-5"),
    ],
)
def test_powers_that_lack_or_contradict_are_refused(power, said):
    with pytest.raises(InputError, match=said):
        given("mine", None, power)


@for_any(st.text(min_size=1, max_size=80))
def test_a_profile_can_be_named_after_any_host(host):
    assert given(default_name(host), None, Power(1.0, 2.0, "")).name


@pytest.mark.parametrize("name", ["", "Mine", "a/b", "-a", "x" * 41, "a\n"])
def test_other_names_are_refused(name):
    with pytest.raises(InputError, match="is no name"):
        given(name, None, Power(1.0, 2.0, ""))


def test_a_host_is_reached_as_ssh_would():
    hosts = host_inventory("pi@192.0.2.11", None)["all"]["children"]["profiled"]["hosts"]
    assert hosts == {"pi@192.0.2.11": {"ansible_host": "192.0.2.11", "ansible_user": "pi"}}


@pytest.mark.parametrize("name", ["-oProxyCommand=x", "a b", "pi@-x", "x;y", "$(x)", "localhost", "{{ x }}"])
def test_what_is_no_host_is_refused(name):
    with pytest.raises(InputError, match="--host"):
        host_inventory(name, None)


def test_a_host_of_an_inventory_brings_its_variables(tmp_path):
    file = tmp_path / "hosts.ini"
    file.write_text("[device]\nboard ansible_host=192.0.2.7\nbare\n[all:vars]\nansible_user=pi\n")
    hosts = host_inventory("board", file)["all"]["children"]["profiled"]["hosts"]
    assert hosts == {"board": {"ansible_host": "192.0.2.7", "ansible_user": "pi"}}
    assert host_inventory("bare", file)["all"]["children"]["profiled"]["hosts"]["bare"]["ansible_host"] == "bare"
    with pytest.raises(InputError, match="has no host 'bored'"):
        host_inventory("bored", file)
