"""The plot of what accuracy costs."""

from __future__ import annotations

import dataclasses
from types import ModuleType

import pytest

import telcoai.report
from telcoai.report.drawing import Drawing, drawing
from telcoai.report.plot_front import front_caption, front_of, front_plot
from telcoai.report.standings import stand


@pytest.fixture(scope="module")
def drawn(made_up: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Drawing:
    """Two repetitions of three strategies, the last of which knows the future."""
    folder = tmp_path_factory.mktemp("front")
    names = ("device-only", "cloud-only", "edge-only")
    made_up.make_experiment(folder, made_up.MadeUp(strategies=names, repetitions=2, foresees=("edge-only",)))
    experiment = telcoai.report.load(folder)
    return drawing(experiment, stand(experiment), ())


def test_the_line_goes_through_the_front_and_no_bound_is_on_it(drawn: Drawing) -> None:
    line, *marks = front_plot(drawn)["data"]
    places = {mark["name"]: (mark["x"][0], mark["y"][0]) for mark in marks}
    assert set(places) == {"device-only", "cloud-only", "edge-only (bound)"}
    assert list(zip(line["x"], line["y"], strict=True)) == [places[name] for name in front_of(drawn)]
    assert "device-only" in front_of(drawn)
    assert "edge-only" not in front_of(drawn)


def test_bars_are_the_range_of_the_runs(drawn: Drawing) -> None:
    _, mark, *_ = front_plot(drawn)["data"]
    shares = sorted(one.effective_accuracy for one in drawn.series[0].summaries)
    low, high = mark["y"][0] - mark["error_y"]["arrayminus"][0], mark["y"][0] + mark["error_y"]["array"][0]
    assert (low, high) == (pytest.approx(shares[0], rel=1e-3), pytest.approx(shares[1], rel=1e-3))


def test_words_say_who_is_on_it_who_is_a_bound_and_where_figures_come_from(drawn: Drawing) -> None:
    told = front_caption(drawn)
    assert told.startswith("On the front, beaten by none in both: device-only")
    assert "edge-only, hollow: a bound that knows the future" in told
    assert told.endswith("Energy is modelled, accuracy measured.")
    assert "(modelled)" in front_plot(drawn)["layout"]["xaxis"]["title"]["text"]


def test_invalid_runs_make_no_front(drawn: Drawing) -> None:
    invalid = dataclasses.replace(drawn, counts=False)
    assert front_of(invalid) == ()
    assert front_caption(invalid).startswith("Nobody is on the front.")
    assert all(mark["mode"] == "markers" for mark in front_plot(invalid)["data"])
