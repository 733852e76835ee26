"""``extends:`` lays a testbed over another one, piece by piece, so that every piece keeps its place."""

from __future__ import annotations

from pathlib import Path

from telcoai.spec.library import Library, Source
from telcoai.spec.nodes import Items, Mark, Node, Table
from telcoai.spec.references import Dangling


def extended(library: Library, source: Source, over: tuple[tuple[Path, Mark], ...] = ()) -> Source:
    """The testbed with those that it extends under it; problems are noted in ``library``.

    Nodes are matched by name and links by their ends as written: keys given here replace those there, new ones are
    added. ``over`` is the chain of testbeds that led here.
    """
    spec = source.table.items.get("spec")
    node = spec.items.get("extends") if isinstance(spec, Table) else None
    if not isinstance(spec, Table) or node is None or not isinstance(node.value, str):
        return source
    start = (source.path, source.table.mark)
    if start in over:
        library.report(node.mark, "a testbed can't extend itself, not through others either")
        return source
    try:
        base = library.find("Testbed", node.value, source.path)
    except Dangling as err:
        library.report(node.mark, str(err))
        return source
    below = extended(library, base, (*over, start)).table.items.get("spec")
    if not isinstance(below, Table):
        return source
    table = Table(source.table.mark, None, dict(source.table.items), source.table.keys)
    table.items["spec"] = _laid_over(spec, below)
    return Source(source.path, source.kind, table)


def _laid_over(upper: Table, lower: Table) -> Table:
    """One mapping over another; ``nodes`` and ``links`` are laid over item by item."""
    merged = Table(upper.mark, None, {**lower.items, **upper.items}, {**lower.keys, **upper.keys})
    for key, identity in (("nodes", "name"), ("links", "between")):
        above, below = upper.items.get(key), lower.items.get(key)
        if isinstance(above, Items) and isinstance(below, Items):
            merged.items[key] = Items(above.mark, None, _items(above.items, below.items, identity))
    return merged


def _items(upper: list[Node], lower: list[Node], identity: str) -> list[Node]:
    """Items of both; those that agree on ``identity`` become one, at the lower one's place in the order."""
    merged = list(lower)
    index = {_identity(item, identity): place for place, item in enumerate(lower)}
    for item in upper:
        place = index.get(_identity(item, identity))
        below = merged[place] if place is not None else None
        if place is not None and isinstance(item, Table) and isinstance(below, Table):
            both = Table(item.mark, None, {**below.items, **item.items}, {**below.keys, **item.keys})
            merged[place] = both
        else:
            merged.append(item)
    return merged


def _identity(item: Node, key: str) -> str:
    """What an item is known by; items without it are all different."""
    known = item.items.get(key) if isinstance(item, Table) else None
    return f"at {item.mark}" if known is None else repr(known.plain())
