"""Sandboxes for tests. Each has its own name, so that what it leaves behind can be told from others' sandboxes."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from telcoai.emulation import problems
from telcoai.emulation.layout import Layout
from telcoai.emulation.leftovers import leftovers
from telcoai.emulation.lifecycle import destroy
from telcoai.emulation.sandbox import Sandbox

SandboxMaker = Callable[[Layout], Sandbox]


@pytest.fixture
def state_dirs() -> Iterator[Callable[[], Path]]:
    """Fresh state folders; whatever runs with one of them is ended after the test."""
    if problem := problems.namespace_problem() or problems.tun_problem():
        pytest.skip(problem)
    root = Path(tempfile.mkdtemp(prefix="telcoai-"))
    made: list[Path] = []

    def make() -> Path:
        made.append(root / str(len(made)))
        return made[-1]

    yield make
    for path in made:
        destroy(path)
    shutil.rmtree(root)


@pytest.fixture
def state_dir(state_dirs: Callable[[], Path]) -> Path:
    return state_dirs()


@pytest.fixture
def sandbox(state_dirs: Callable[[], Path]) -> Iterator[SandboxMaker]:
    """Makes sandboxes; afterwards they are closed and must have left nothing."""
    made: list[tuple[Sandbox, Path]] = []

    def make(layout: Layout) -> Sandbox:
        path = state_dirs()
        box = Sandbox.draft(layout, path)
        made.append((box, path))
        return box

    yield make
    for box, path in made:
        box.close()
        assert leftovers(box.layout.name, path) == []


@pytest.fixture
def tool() -> Callable[[str], str]:
    """The path of a program, or the test is skipped."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            pytest.skip(f"{name} isn't installed")
        return path

    return find
