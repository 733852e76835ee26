"""Where the command line keeps and finds things."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from telcoai.model.scenario import Scenario


def root() -> Path:
    """The folder of all testbeds' state."""
    from telcoai.testbed.state import state_root

    return state_root(os.environ)


def with_surroundings(scenario: Scenario) -> Scenario:
    """The scenario on its testbed as this machine's environment has it."""
    from telcoai.testbed.surroundings import in_surroundings

    return dataclasses.replace(scenario, topology=in_surroundings(scenario.topology, os.environ))
