"""How a lead is put into words."""

from __future__ import annotations

import pytest

from telcoai.report.sentence import Lead, _tell_energy


@pytest.mark.parametrize(
    ("value", "told"), [(0.352, "4% less than b"), (0.2, "46% less than b"), (0.1, "3.7× less than b")]
)
def test_a_small_lead_is_told_in_per_cent_and_a_large_one_as_a_factor(value: float, told: str) -> None:
    assert told in _tell_energy(Lead(("a",), value, "b", 0.367), "model")
