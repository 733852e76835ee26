"""What of telcoai itself goes into the runtime's image: the modules that it imports, and no others.

So the image stays the same when anything else of telcoai changes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import telcoai

ENTRIES = ("telcoai.serving.__main__", "telcoai.load.__main__", "telcoai.load.pod")


def source_files(entries: Iterable[str] = ENTRIES) -> dict[str, Path]:
    """Files by their path in the image, ``telcoai/…``: the entries, and all that they import, whenever they do."""
    root = Path(telcoai.__file__).parent.parent
    found: dict[str, Path] = {}
    waiting = list(entries)
    while waiting:
        name = waiting.pop()
        path = _file(root, name)
        if path is None or str(path.relative_to(root)) in found:
            continue
        found[str(path.relative_to(root))] = path
        parent = name.rpartition(".")[0]
        waiting += [parent] if parent else []
        waiting += _imports(path)
    return dict(sorted(found.items()))


def _file(root: Path, module: str) -> Path | None:
    """The module's file; None for a name that is no module."""
    place = root.joinpath(*module.split("."))
    for path in (place / "__init__.py", place.with_name(f"{place.name}.py")):
        if path.is_file():
            return path
    return None


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes(), str(path))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from (name for name in names if name.partition(".")[0] == "telcoai")
