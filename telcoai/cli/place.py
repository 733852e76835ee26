"""Where the command line keeps and finds things."""

from __future__ import annotations

import os
from pathlib import Path


def root() -> Path:
    """The folder of all testbeds' state."""
    from telcoai.testbed.state import state_root

    return state_root(os.environ)
