"""Finds what sandboxes left on the host. After ``close`` it finds nothing; it never removes anything."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from telcoai.emulation import cgroups
from telcoai.emulation.identity import start_ticks
from telcoai.emulation.traces import BOUND_FILES, SOCKET

MARK = "TELCOAI_SANDBOX"
"""Environment variable that all processes of a sandbox carry; its value is that of ``cgroups.group_name``."""


def leftovers(testbed: str | None = None, state_dir: Path | None = None) -> list[str]:
    """One line for each process, mount, cgroup, interface or socket of ``testbed`` (of any, when None).

    With ``state_dir`` only of the testbed of that name with that state folder: another one may have the same name.
    """
    wanted = cgroups.group_name(testbed, state_dir) if testbed and state_dir else ""

    def is_wanted(group: str) -> bool:
        return group == wanted if wanted else testbed is None or _names(group, testbed)

    return [
        *_processes(is_wanted),
        *_mounts(testbed, state_dir),
        *(f"cgroup {p}" for p in cgroups.groups() if is_wanted(p.name)),
        *(f"interface {p.name}" for p in Path("/sys/class/net").glob("telcoai*")),
        *_sockets(state_dir),
    ]


def _names(group: str, testbed: str) -> bool:
    return group.rpartition("-")[0] == f"{cgroups.PREFIX}{testbed}"


def _processes(is_wanted: Callable[[str], bool]) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue  # gone, or someone else's
        marks = [v.partition(b"=")[2].decode() for v in variables if v.startswith(MARK.encode() + b"=")]
        if marks and is_wanted(marks[0]) and start_ticks(int(entry.name)) is not None:
            found.append(f"process {entry.name} of {marks[0]}")
    return found


def _mounts(testbed: str | None, state_dir: Path | None) -> list[str]:
    wanted = str(state_dir) if state_dir else f"telcoai/{testbed or ''}"
    mounts = [line.split()[3:5] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    targets = {f"/etc/{name}" for name in BOUND_FILES}
    return [f"mount {target}" for source, target in mounts if target in targets and wanted in source]


def _sockets(state_dir: Path | None) -> list[str]:
    path = state_dir / SOCKET if state_dir else None
    return [f"socket {path}"] if path and path.exists() else []
