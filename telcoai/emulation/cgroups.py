"""Memory limits of nodes, in cgroup v1 or v2. The host's tree is only touched below ``telcoai-<testbed>-<hash>``."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PREFIX = "telcoai-"


def group_name(testbed: str, state_dir: Path) -> str:
    """Name of a sandbox's cgroup; the hash tells apart testbeds of one name in different state folders."""
    digest = hashlib.sha256(os.fsencode(state_dir.resolve())).hexdigest()[:8]
    return f"{PREFIX}{testbed}-{digest}"


def memory_tree() -> Path | None:
    """Where memory cgroups are made on this host; None when there is no such place."""
    v1 = ROOT / "memory"
    if (v1 / "memory.limit_in_bytes").exists():
        return v1
    controllers = ROOT / "cgroup.controllers"
    if controllers.exists() and "memory" in controllers.read_text().split():
        return ROOT
    return None


class NodeGroups:
    """The cgroups of one sandbox's nodes. Where they can't be had, ``problem`` says why and nothing is bounded."""

    def __init__(self, name: str, limits: dict[str, int], *, rootless: bool) -> None:
        self._top: Path | None = None
        self.problem = ""
        tree = memory_tree()
        if rootless or tree is None:
            self.problem = "not running as root" if rootless else "this host has no memory cgroup"
            return
        try:
            _make(tree / name, limits)
        except OSError as err:
            self.problem = f"cgroups can't be made: {err}"
            remove(name)
            return
        self._top = tree / name

    @contextmanager
    def opened(self, node: str) -> Iterator[int | None]:
        """A descriptor to which a process writes ``0`` to join the node's group; None when nothing is bounded."""
        if self._top is None:
            yield None
            return
        fd = os.open(self._top / node / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)
        try:
            yield fd
        finally:
            os.close(fd)


def _make(top: Path, limits: dict[str, int]) -> None:
    v2 = top.parent == ROOT
    if v2 and "memory" not in (ROOT / "cgroup.subtree_control").read_text().split():
        (ROOT / "cgroup.subtree_control").write_text("+memory")
    top.mkdir(exist_ok=True)
    if v2:
        (top / "cgroup.subtree_control").write_text("+memory")
    limit_file, swap_file = (
        ("memory.max", "memory.swap.max") if v2 else ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
    )
    for node, limit in limits.items():
        group = top / node
        group.mkdir(exist_ok=True)
        if limit:
            (group / limit_file).write_text(str(limit))
            if (group / swap_file).exists():
                (group / swap_file).write_text("0" if v2 else str(limit))


def groups(name: str | None = None) -> list[Path]:
    """Top cgroups of sandboxes on this host: of the cgroup ``name``, or all of them."""
    tree = memory_tree()
    if tree is None:
        return []
    return [p for p in tree.glob(f"{PREFIX}*") if p.is_dir() and name in (None, p.name)]


def remove(name: str) -> None:
    """Remove a sandbox's cgroups, which must have no processes left."""
    for top in groups(name):
        for child in (*(p for p in top.iterdir() if p.is_dir()), top):
            try:
                child.rmdir()
            except FileNotFoundError:
                continue
