"""What a YAML file says, each piece with the place where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file; ``line`` and ``column`` count from 1."""

    path: Path
    line: int
    column: int

    @property
    def where(self) -> str:
        """``file:line:column``."""
        return f"{self.path}:{self.line}:{self.column}"

    def problem(self, what: str) -> str:
        """The problem as one line, ``file:line:column: what``; what can't be printed is made visible."""
        text = f"{self.where}: {what}"
        return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in text)


@dataclass(slots=True)
class Node:
    """Anything with a place: text, a number, true, false or nothing."""

    mark: Mark
    value: str | int | float | bool | None = None

    def plain(self) -> Any:
        """The value without places."""
        return self.value


@dataclass(slots=True)
class Items(Node):
    """A list."""

    items: list[Node] = field(default_factory=list)

    def plain(self) -> Any:
        """The list without places."""
        return [item.plain() for item in self.items]


@dataclass(slots=True)
class Table(Node):
    """A mapping; ``keys`` says where each key stands."""

    items: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Mark] = field(default_factory=dict)

    def plain(self) -> Any:
        """The mapping without places."""
        return {key: item.plain() for key, item in self.items.items()}


def find(node: Node, path: Iterable[str | int]) -> Node:
    """The node at ``path``; steps that name nothing (a validator's own) are skipped, so the nearest one is found."""
    for step in path:
        node = _child(node, step) or node
    return node


def _child(node: Node, step: str | int) -> Node | None:
    if isinstance(node, Table):
        return node.items.get(step) if isinstance(step, str) else None
    if isinstance(node, Items) and isinstance(step, int) and step < len(node.items):
        return node.items[step]
    return None


def mark_of(node: Node, *path: str | int) -> Mark:
    """Where the value at ``path`` stands."""
    return find(node, path).mark


def mark_of_key(node: Node, path: tuple[str | int, ...]) -> Mark:
    """Where the key that ends ``path`` stands, or else the value before it."""
    parent = find(node, path[:-1])
    if isinstance(parent, Table) and path and isinstance(path[-1], str):
        return parent.keys.get(path[-1], parent.mark)
    return parent.mark
