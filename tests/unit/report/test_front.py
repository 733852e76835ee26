"""The Pareto front."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from telcoai.report.front import pareto_front

FIGURE = st.integers(0, 6).map(float)
POINTS = st.dictionaries(st.text("abcdefgh", min_size=1, max_size=3), st.tuples(FIGURE, FIGURE), max_size=12)


def test_cheap_and_bad_and_dear_and_good_are_on_it_and_what_lies_behind_is_not() -> None:
    points = {
        "cheap": (1.0, 0.5),
        "dear": (3.0, 0.9),
        "behind": (2.0, 0.4),
        "middle": (2.0, 0.7),
        "unknown": (0.0, math.nan),
    }
    assert pareto_front(points) == ("cheap", "middle", "dear")


def test_equal_points_are_both_on_it() -> None:
    assert pareto_front({"a": (1.0, 1.0), "b": (1.0, 1.0)}) == ("a", "b")


@given(POINTS)
def test_nobody_on_it_is_beaten_and_everybody_off_it_is_beaten_by_one_on_it(
    points: dict[str, tuple[float, float]],
) -> None:
    front = pareto_front(points)
    assert bool(front) == bool(points)

    def beats(one: str, other: str) -> bool:
        (cost, gain), (its_cost, its_gain) = points[one], points[other]
        return cost <= its_cost and gain >= its_gain and points[one] != points[other]

    assert not any(beats(one, other) for one in points for other in front)
    assert all(any(beats(one, other) for one in front) for other in points if other not in front)


@given(POINTS)
def test_along_it_both_figures_grow(points: dict[str, tuple[float, float]]) -> None:
    along = list(dict.fromkeys(points[name] for name in pareto_front(points)))
    assert along == sorted(along)
    assert [gain for _, gain in along] == sorted(gain for _, gain in along)
