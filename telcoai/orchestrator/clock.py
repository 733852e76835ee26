"""The run's clock, passed in so that tests can drive time."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field


@dataclass
class RunClock:
    """Seconds since the run's start ``t0_ns`` on CLOCK_MONOTONIC; waiting ends early when the run is stopped."""

    t0_ns: int
    stopped: threading.Event = field(default_factory=threading.Event)

    def start_in(self, lead_s: float) -> None:
        """Begin the run anew, in so many seconds."""
        self.t0_ns = time.monotonic_ns() + int(lead_s * 1e9)

    def now_s(self) -> float:
        """Seconds since t0, negative before it."""
        return (time.monotonic_ns() - self.t0_ns) / 1e9

    def wait_until(self, at_s: float) -> bool:
        """Sleep until ``at_s``; False when the run was stopped before."""
        while (left := at_s - self.now_s()) > 0:
            if self.stopped.wait(min(left, 0.5)):
                return False
        return not self.stopped.is_set()
