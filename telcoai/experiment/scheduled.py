"""When a driver's requests are due."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telcoai.load.config import parse_config
from telcoai.load.schedule import make_schedule


def scheduled(config: Mapping[str, Any]) -> Any:
    """The schedule that a driver was told, in ns after t0."""
    parsed = parse_config({**config, "start_ns": 0}, "driver")
    return make_schedule(parsed.demand, parsed.duration_s, parsed.warmup_s, parsed.seed)
