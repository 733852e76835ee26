"""Fixtures of real runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from telcoai.emulation.leftovers import leftovers
from telcoai.emulation.problems import namespace_problem, tun_problem
from telcoai.testbed.running import known_names, take_down


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Path]:
    """A folder for a small world; whatever a test leaves up is taken down, and nothing may stay."""
    problem = namespace_problem() or tun_problem()
    if problem:
        pytest.skip(problem)
    yield tmp_path
    for name in known_names(tmp_path / "state"):
        take_down(name, tmp_path / "state")
    assert leftovers("small", tmp_path / "state/small") == []
