"""The machine that a run happens on: what it is, how busy it is, whether its clock jumps."""

from __future__ import annotations

import os
import platform
import threading
import time
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

import psutil


def describe_host() -> dict[str, Any]:
    """Facts for run.json; no name or address of the machine."""
    return {
        "system": platform.system(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "root": os.geteuid() == 0,
    }


def versions() -> dict[str, str]:
    """Versions of what a figure may depend on."""
    names = ("telcoai", "numpy", "onnxruntime", "pandas", "pyarrow", "uvloop")
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in names}}


def _cpu_model() -> str:
    try:
        with open("/proc/cpuinfo") as file:  # noqa: PTH123 - not a file to pass around
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        return platform.processor()
    return platform.processor()


@dataclass
class HostWatch:
    """Reads the host's CPU use once a second in a thread, and the clocks at start and end."""

    readings: list[float] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _offset_ns: int = 0

    def __enter__(self) -> HostWatch:
        self._offset_ns = _clock_offset_ns()
        psutil.cpu_percent()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="host-watch")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def clock_jump_ms(self) -> float:
        """How far the wall clock has moved against the monotonic clock since the start."""
        return abs(_clock_offset_ns() - self._offset_ns) / 1e6

    def _watch(self) -> None:
        while not self._stop.wait(1.0):
            self.readings.append(psutil.cpu_percent() / 100)


def _clock_offset_ns() -> int:
    return time.time_ns() - time.monotonic_ns()
