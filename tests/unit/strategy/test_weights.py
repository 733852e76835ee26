"""What a service's weight changes where services compete."""

from __future__ import annotations

from dataclasses import replace

import pytest

from telcoai.model.view import View
from telcoai.strategy.deficits import Deficits
from telcoai.strategy.greedy import jobs_of
from telcoai.strategy.lyapunov import _weights
from telcoai.strategy.sites import as_measured

from .conftest import view


def weighed(**weights: float) -> View:
    """Services of these names and weights."""
    seen = view()
    first = seen.services[0]
    services = tuple(
        replace(first, name=name, requirements=replace(first.requirements, weight=weight))
        for name, weight in weights.items()
    )
    return replace(seen, services=services)


def test_the_heaviest_service_decides_first_and_those_alike_in_their_order() -> None:
    seen = weighed(light=0.5, first=1.0, heavy=3.0, second=1.0)
    names = [job.service.name for job in jobs_of(seen, as_measured(seen))]
    assert list(dict.fromkeys(names)) == ["heavy", "first", "second", "light"]


@pytest.mark.parametrize("weight", [0.5, 3.0])
def test_lateness_and_wrong_answers_are_worth_as_much_more_to_lyapunov(weight: float) -> None:
    asked = replace(view().services[0].requirements, deadline_ms=100.0, accuracy_min=0.8)
    queue = Deficits(latency=2.0, energy=1.0, accuracy=3.0)
    plain, heavy = (_weights(replace(asked, weight=w), queue, 1.0) for w in (1.0, weight))
    assert heavy.second == pytest.approx(weight * plain.second)
    assert heavy.wrong == pytest.approx(weight * plain.wrong)
    assert heavy.joule == plain.joule
