"""The made-up experiments of the unit tests, for whole pages and notebooks."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def made_up() -> ModuleType:
    """The builder of run folders in tests/unit/report."""
    path = Path(__file__).parents[2] / "unit" / "report" / "made_up.py"
    spec = importlib.util.spec_from_file_location("report_made_up", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault("report_made_up", module)
    spec.loader.exec_module(module)
    return module
