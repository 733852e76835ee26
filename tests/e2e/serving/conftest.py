from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.serving import tiny_family

Start = Callable[..., dict[str, tiny_family.Runtime]]


@pytest.fixture(scope="session")
def family(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("family")
    tiny_family.write_family(folder)
    return folder


@pytest.fixture
def start(family: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts runtimes: ``start({"camera-1": {"compute": "run"}, "edge": {}}, cores=1)``."""
    with ExitStack() as stack:

        def begin(nodes: dict[str, dict[str, Any]], **changes: Any) -> dict[str, tiny_family.Runtime]:
            works = {name: tiny_family.workload(family, **options) for name, options in nodes.items()}
            return stack.enter_context(tiny_family.running(tmp_path, works, **changes))

        yield begin
