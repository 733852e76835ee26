"""Fixtures: experiments with made-up figures."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _load_made_up() -> ModuleType:
    """The builder beside this file, whatever the folder that pytest was started in."""
    spec = importlib.util.spec_from_file_location("report_made_up", Path(__file__).with_name("made_up.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault("report_made_up", module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def made_up() -> ModuleType:
    """The builder of run folders."""
    return _load_made_up()


@pytest.fixture(scope="session")
def four(made_up: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four strategies, one repetition, failed requests under cloud-only. Not to be written to."""
    folder: Path = made_up.make_experiment(
        tmp_path_factory.mktemp("four") / "made-up", made_up.MadeUp(errors={"cloud-only": 0.05})
    )
    return folder
