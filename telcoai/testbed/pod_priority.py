"""Priority of the instrument: drivers in pods on this machine run the moment they wake up, as on virtual hosts.

A pod may not ask for that itself; root on the machine can give it. Elsewhere drivers run as any pod does, and a run's
check of their lateness says whether that was good enough.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from telcoai.testbed.pod_networks import find_processes

_ROOT_GROUP = Path("/sys/fs/cgroup/cpu/tasks")
"""Kernels that share real time out by group (cgroup v1) give a pod's group none: the process leaves that controller."""


def run_at_once(uids: Iterable[str]) -> int:
    """Give the processes of the pods with these uids real-time priority; how many got it."""
    if os.geteuid() != 0:
        return 0
    return sum(_raise(pid) for pids in find_processes(set(uids)).values() for pid in pids)


def _raise(pid: int) -> bool:
    """What it forks from now on has the priority too."""
    with suppress(OSError):
        return _try(pid)
    with suppress(OSError):
        _ROOT_GROUP.write_text(str(pid))
        return _try(pid)
    return False


def _try(pid: int) -> bool:
    os.sched_setscheduler(pid, os.SCHED_RR, os.sched_param(1))
    return True
