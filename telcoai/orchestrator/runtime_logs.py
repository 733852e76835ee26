"""What runtimes log during a run, kept with the run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


class RuntimeLogs:
    """Marks where the runtimes' logs (``paths``, by node) end now, and copies what was logged since."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self._paths = dict(paths)
        self._marks = {node: _size(path) for node, path in self._paths.items()}

    def copy_to(self, folder: Path) -> None:
        """Write ``runtime.<node>.log`` for each node that logged something; a log that was begun anew is whole."""
        for node, path in self._paths.items():
            size = _size(path)
            mark = self._marks[node] if size >= self._marks[node] else 0
            if size > mark:
                (folder / f"runtime.{node}.log").write_bytes(path.read_bytes()[mark:])


def _size(path: Path) -> int:
    """Bytes in a log, 0 when it isn't there (a testbed may have died)."""
    return path.stat().st_size if path.is_file() else 0
