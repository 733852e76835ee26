"""CPU time as the kubelet counts it, beside the runtimes' own account."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.orchestrator.pod_cpu import CpuPair, Reading, pair_of, readings_of, worst_gap


def line(share: float, start: float, end: float, every: float) -> list[Reading]:
    """A counter that grows by ``share`` seconds a second."""
    count = int((end - start) / every) + 1
    return [Reading(start + i * every, (start + i * every) * share) for i in range(count)]


@given(share=st.floats(0.2, 4.0), shift=st.floats(0.0, 0.99), every=st.floats(7.0, 9.0))
def test_two_counters_of_the_same_thing_agree_whenever_they_are_read(share, shift, every):
    kubelet = [Reading(float(int(one.at_s)), one.cpu_s) for one in line(share, 3.0 + shift, 28.0, every)]
    pair = pair_of("edge", kubelet, line(share, 0.0, 30.0, 0.5))
    assert pair is not None
    assert pair.gap < 1e-6
    assert pair.window_s >= 13.0


def test_a_runtime_that_reports_half_is_told():
    pair = pair_of("edge", line(1.0, 0.0, 20.0, 10.0), line(0.5, 0.0, 30.0, 0.5))
    assert pair is not None
    assert pair.gap == pytest.approx(1 - 21.0 * 0.5 / 20.0)


@pytest.mark.parametrize(
    ("kubelet", "runtime"),
    [
        ([], line(1.0, 0.0, 30.0, 0.5)),
        (line(1.0, 0.0, 30.0, 10.0), []),
        (line(1.0, 0.0, 4.0, 2.0), line(1.0, 0.0, 30.0, 0.5)),
        (line(0.001, 0.0, 30.0, 10.0), line(0.001, 0.0, 30.0, 0.5)),
        (line(1.0, 40.0, 80.0, 10.0), line(1.0, 0.0, 30.0, 0.5)),
    ],
    ids=["no kubelet", "no runtime", "too short", "idle", "another time"],
)
def test_too_little_is_not_judged(kubelet, runtime):
    assert pair_of("edge", kubelet, runtime) is None


def test_a_runtime_that_started_again_is_not_judged():
    again = [*line(1.0, 0.0, 15.0, 0.5), *(Reading(15.5 + i, i * 0.1) for i in range(15))]
    assert pair_of("edge", line(1.0, 0.0, 28.0, 10.0), again) is None


def test_only_the_runtimes_container_is_read():
    def container(name, used):
        return {"name": name, "cpu": {"time": "2026-01-02T03:04:05.123456789Z", "usageCoreNanoSeconds": used}}

    summary = {
        "pods": [
            {"podRef": {"name": "runtime-edge-1"}, "containers": [container("runtime", 2_000_000_000)]},
            {"podRef": {"name": "driver-x"}, "containers": [container("driver", 9)]},
            {"podRef": {"name": "runtime-new-1"}, "containers": [{"name": "runtime"}]},
            {"podRef": {"name": "runtime-unread-1"}, "containers": [container("runtime", 0)]},
        ]
    }
    assert [one.cpu_s for one in readings_of(summary)] == [2.0]


def test_the_worst_node_counts():
    assert worst_gap([]) is None
    assert worst_gap([CpuPair("a", 10, 1.0, 1.0), CpuPair("b", 10, 1.0, 0.8)]) == pytest.approx(0.2)
