"""Effective accuracy against joules a correct answer on time, with the strategies that none beats in both."""

from __future__ import annotations

from collections.abc import Callable

from telcoai.report.drawing import Drawing, Figure, Series, figure, short
from telcoai.report.front import Point, pareto_front
from telcoai.report.palette import GREY
from telcoai.report.standings import Spread, spread
from telcoai.report.summary import RunSummary


def front_plot(drawn: Drawing) -> Figure:
    """A mark a strategy at the medians of its runs, with their ranges; a line through the front."""
    places = {one.label: _place(one) for one in drawn.series}
    front = front_of(drawn)
    marks = [_mark(one, *places[one.label], bound=_is_bound(one)) for one in drawn.series]
    line = [_line([places[label] for label in front])] if front else []
    return figure(
        [*line, *marks],
        f"dynamic energy a correct answer on time, J ({drawn.modelled})",
        f"correct and on time ({drawn.how})",
        xaxis={"rangemode": "tozero"},
        yaxis={"tickformat": ".2f"},
    )


def front_of(drawn: Drawing) -> tuple[str, ...]:
    """Labels of those on the front; bounds are none of them, and invalid runs make none."""
    if not drawn.counts:
        return ()
    return pareto_front({one.label: _point(*_place(one)) for one in drawn.series if not _is_bound(one)})


def front_caption(drawn: Drawing) -> str:
    """Who is on the front, in words, with where the figures come from."""
    front = front_of(drawn)
    rivals = [one.label for one in drawn.series if not _is_bound(one)]
    bounds = [one.label for one in drawn.series if _is_bound(one)]
    told = f"On the front, beaten by none in both: {', '.join(front)}. " if front else "Nobody is on the front. "
    behind = [label for label in rivals if label not in front]
    told += f"Behind it: {', '.join(behind)}. " if front and behind else ""
    told += f"{' and '.join(bounds)}, hollow: a bound that knows the future, and no rival. " if bounds else ""
    bars = "Marks are medians over runs, bars their range; whether two differ clearly stands with the leaderboard. "
    several = any(len(one.runs) > 1 for one in drawn.series)
    return f"{told}{bars if several else ''}Energy is {drawn.modelled}, accuracy {drawn.how}."


def _is_bound(one: Series) -> bool:
    return any(run.foresees for run in one.runs)


def _place(one: Series) -> tuple[Spread, Spread]:
    """Joules a good answer and effective accuracy over the runs."""

    def over(of: Callable[[RunSummary], float]) -> Spread:
        return spread([of(summary) for summary in one.summaries])

    return over(lambda s: s.joules_per_correct_on_time), over(lambda s: s.effective_accuracy)


def _point(joules: Spread, accuracy: Spread) -> Point:
    return joules.median, accuracy.median


def _mark(one: Series, joules: Spread, accuracy: Spread, *, bound: bool) -> Figure:
    symbol = one.look.symbol.removesuffix("-open").removesuffix("-dot")
    return {
        "x": short([joules.median]),
        "y": short([accuracy.median]),
        "mode": "markers",
        "name": f"{one.label} (bound)" if bound else one.label,
        "marker": {
            "symbol": f"{symbol}-open" if bound else one.look.symbol,
            "size": 13,
            "color": one.look.colour,
            "line": {"width": 2 if bound else 0},
        },
        "error_x": _bar(joules, one.look.colour),
        "error_y": _bar(accuracy, one.look.colour),
        "hovertemplate": f"%{{y:.3f}} at %{{x:.3g}} J<extra>{one.label}</extra>",
    }


def _bar(span: Spread, colour: str) -> Figure:
    return {
        "type": "data",
        "symmetric": False,
        "color": colour,
        "thickness": 1,
        "width": 3,
        "array": short([span.high - span.median]),
        "arrayminus": short([span.median - span.low]),
    }


def _line(places: list[tuple[Spread, Spread]]) -> Figure:
    """Steps: what lies under and right of them is beaten by somebody on the front."""
    return {
        "x": short(joules.median for joules, _ in places),
        "y": short(accuracy.median for _, accuracy in places),
        "mode": "lines",
        "name": "front",
        "line": {"color": GREY, "width": 1.5, "dash": "dot", "shape": "hv"},
        "hoverinfo": "skip",
    }
