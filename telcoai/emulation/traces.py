"""What a sandbox has on the host besides its processes, and its removal. Both ends use it: whoever comes last."""

from __future__ import annotations

import time
from pathlib import Path

from telcoai.emulation import cgroups

IDENTITY = "supervisor.json"
SOCKET = "supervisor.sock"
LAYOUT = "layout.json"
BOUND_FILES = ("hosts", "resolv.conf")
LOCK = "lock"
LOG = "supervisor.log"
_TIMEOUT_S = 2.0


def remove_traces(state_dir: Path, cgroup: str) -> None:
    """Remove cgroups and run-time files; the log and the lock stay. OSError when a cgroup is still in use."""
    deadline = time.monotonic() + _TIMEOUT_S
    while True:
        try:
            cgroups.remove(cgroup)
            break
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    for name in (IDENTITY, SOCKET, LAYOUT, *BOUND_FILES):
        (state_dir / name).unlink(missing_ok=True)
