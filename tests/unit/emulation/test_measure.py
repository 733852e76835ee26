from __future__ import annotations

import pytest

from telcoai.emulation.measure import DirectionMeasure, LinkMeasure, judge
from telcoai.emulation.prober import Train, train_for
from telcoai.model.topology import Link, LinkState

STATE = LinkState(10.0, rate_bps=50e6)
LINK = Link("a", "b", STATE, STATE)


def measured(rtt_ms: float | None, up_bps: float | None = 50e6, down_bps: float | None = None) -> LinkMeasure:
    return LinkMeasure("a--b", rtt_ms, DirectionMeasure(None, up_bps), DirectionMeasure(None, down_bps))


def test_a_link_as_asked_has_no_problems() -> None:
    assert judge(LINK, measured(20.3)) == ()


@pytest.mark.parametrize("rtt_ms", [17.0, 23.0, 200.0])
def test_a_wrong_delay_is_told_with_both_figures(rtt_ms: float) -> None:
    (problem,) = judge(LINK, measured(rtt_ms))
    assert f"{rtt_ms:.2f} ms" in problem
    assert "asked 20.0" in problem


def test_a_wrong_rate_is_told_with_its_direction() -> None:
    assert judge(LINK, measured(20.3, 40e6, 50e6)) == ("a → b: rate is 40 Mbit/s, asked 50 Mbit/s ± 5%",)
    assert len(judge(LINK, measured(20.3, 40e6, 60e6))) == 2


def test_silence_is_a_problem_unless_the_link_loses_much() -> None:
    assert judge(LINK, measured(None)) == ("a--b: no packet came back",)
    lossy = LinkState(10.0, loss=0.9)
    assert judge(Link("a", "b", lossy, lossy), measured(None, None)) == ()


def test_jitter_widens_what_is_allowed() -> None:
    state = LinkState(10.0, 3.0, 50e6)
    assert judge(Link("a", "b", state, state), measured(24.0)) == ()


@pytest.mark.parametrize("rate_bps", [64e3, 1e6, 50e6, 239e6, 1e9, 1e10])
@pytest.mark.parametrize("jitter_ms", [0.0, 2.0, 50.0])
def test_a_train_fits_its_link(rate_bps: float, jitter_ms: float) -> None:
    train = train_for(LinkState(50.0, jitter_ms, rate_bps), "a", "b", 1500)
    assert train.duration_s < 1.0
    assert 20 <= train.count <= 10_000
    assert train.lead <= train.count
    assert 17 < train.size <= 1472


def test_a_trains_slope_is_its_rate_whatever_was_lost() -> None:
    train = Train("a", "b", 1472, 100, 240_000, 10, 0.024)
    train.arrivals = [(k, 5_000 + k * 240_000) for k in range(100) if k % 7]
    assert train.rate_bps() == pytest.approx(50e6)
    train.arrivals = train.arrivals[:3]
    assert train.rate_bps() is None
