"""Reads YAML text into nodes with places. Knows YAML and its dangers, not what telcoai means by a key.

A part of YAML is enough and is all that is taken: mappings, lists and plain values with text keys, several documents,
anchors within limits. Tags are refused: a file is data. Words mean what YAML 1.2 says (``yes`` is text, ``1:30`` too).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from telcoai.errors import SpecError
from telcoai.spec.nodes import Items, Mark, Node, Table

LARGEST_FILE = 1 << 20
"""Bytes; a testbed of 10,000 nodes needs less than one hundredth of it."""
DEEPEST = 24
"""Levels of nesting; the deepest shipped file has 7."""
MOST_NODES = 100_000
"""Values in one file, counting an alias as often as it is used."""

_INTEGER = re.compile(r"[-+]?[0-9]{1,30}")
_NUMBER = re.compile(r"[-+]?(\.[0-9]{1,30}|[0-9]{1,30}(\.[0-9]{0,30})?)([eE][-+]?[0-9]{1,4})?")
_WORDS = {"": None, "~": None, "null": None, "true": True, "True": True, "false": False, "False": False}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Unreadable(Exception):
    """The text can't be read on; ``mark`` says where."""

    def __init__(self, mark: Mark, what: str) -> None:
        super().__init__(what)
        self.mark = mark


def read(path: Path) -> list[Table]:
    """The documents of a YAML file; SpecError with all that is wrong with its form."""
    text = _text(path)
    composer = _Composer(path)
    try:
        documents = composer.documents(yaml.parse(text, _LOADER))
    except Unreadable as err:
        raise SpecError([*composer.problems, err.mark.problem(str(err))]) from None
    except yaml.MarkedYAMLError as err:
        raise SpecError([*composer.problems, _syntax(path, text, err)]) from None
    except yaml.YAMLError as err:
        raise SpecError([Mark(path, 1, 1).problem(f"not YAML: {_first_line(err)}")]) from None
    if not documents and not composer.problems:
        composer.problems.append(Mark(path, 1, 1).problem("the file is empty (allowed: YAML with apiVersion and kind)"))
    if composer.problems:
        raise SpecError(composer.problems)
    return documents


def _text(path: Path) -> str:
    """The file's text; SpecError when it can't be had."""
    start = Mark(path, 1, 1)
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except IsADirectoryError:
        raise SpecError([start.problem("is a folder (allowed: a YAML file)")]) from None
    except (OSError, ValueError) as err:
        raise SpecError([start.problem(f"can't be read: {getattr(err, 'strerror', None) or err}")]) from None
    if len(raw) > LARGEST_FILE:
        raise SpecError([start.problem(f"is larger than {LARGEST_FILE >> 20} MiB")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = raw.count(b"\n", 0, err.start) + 1
        column = err.start - (raw.rfind(b"\n", 0, err.start) + 1) + 1
        raise SpecError([Mark(path, line, column).problem("is not UTF-8 (save the file as UTF-8)")]) from None
    _refuse_control_characters(path, text)
    return text


def _refuse_control_characters(path: Path, text: str) -> None:
    """YAML allows no control characters; said here with a place, since parsers give none."""
    found = re.search(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        column = found.start() - text.rfind("\n", 0, found.start())
        raise SpecError([Mark(path, line, column).problem(f"the character {found[0]!a} is not allowed in YAML")])


def _syntax(path: Path, text: str, err: yaml.MarkedYAMLError) -> str:
    """A parser's complaint as one line."""
    mark = err.problem_mark or err.context_mark
    if mark is None:
        return Mark(path, 1, 1).problem(f"not YAML: {err.problem}")
    place = Mark(path, mark.line + 1, mark.column + 1)
    line = (text.splitlines() or [""])[min(mark.line, max(text.count("\n") - 1, 0))]
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return place.problem("a tab is used for indentation (allowed: spaces)")
    return place.problem(f"not YAML: {err.problem}")


def _first_line(err: Exception) -> str:
    return (str(err).splitlines() or ["the text can't be read"])[0]


class _Composer:
    """Builds nodes from a parser's events, within limits."""

    def __init__(self, path: Path) -> None:
        self.problems: list[str] = []
        self._path = path
        self._anchors: dict[str, tuple[Node, int, int]] = {}
        self._open: set[str] = set()
        self._count = 0

    def documents(self, events: Iterator[yaml.Event]) -> list[Table]:
        """All documents; what isn't a mapping is a problem, an empty document is skipped."""
        found: list[Table] = []
        for event in events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            self._anchors = {}
            node, _ = self._node(next(events), events, 0)
            if isinstance(node, Table):
                found.append(node)
            elif node.value is not None or isinstance(node, Items):
                self._wrong(node.mark, "a document must be a mapping with apiVersion, kind, metadata and spec")
        return found

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> tuple[Node, int]:
        """The node that begins with ``event`` and how many levels it has."""
        mark = self._mark(event)
        self._spend(mark, 1)
        if depth > DEEPEST:
            raise Unreadable(mark, f"nested too deeply (at most {DEEPEST} levels)")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, mark, depth)
        if not isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            raise Unreadable(mark, "a value is missing")
        before = self._count
        if event.anchor:
            self._open.add(event.anchor)
        if event.tag is not None:
            self._wrong(mark, f"the tag {event.tag!r} is not allowed: files hold plain values only")
        node, levels = self._value(event, mark, events, depth)
        if event.anchor:
            self._open.discard(event.anchor)
            self._anchors[event.anchor] = (node, self._count - before + 1, levels)
        return node, levels

    def _alias(self, event: yaml.AliasEvent, mark: Mark, depth: int) -> tuple[Node, int]:
        if event.anchor in self._open:
            raise Unreadable(mark, f"the alias *{event.anchor} contains itself")
        if event.anchor not in self._anchors:
            raise Unreadable(mark, f"the alias *{event.anchor} names no anchor before it")
        node, size, levels = self._anchors[event.anchor]
        self._spend(mark, size)
        if depth + levels > DEEPEST:
            raise Unreadable(mark, f"nested too deeply (at most {DEEPEST} levels)")
        return node, levels

    def _value(
        self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, mark: Mark, events: Iterator[yaml.Event], depth: int
    ) -> tuple[Node, int]:
        if isinstance(event, yaml.MappingStartEvent):
            return self._table(mark, events, depth)
        if not isinstance(event, yaml.ScalarEvent):
            return self._items(mark, events, depth)
        if event.implicit[0]:
            return Node(mark, self._plain(event.value, mark)), 0
        return Node(mark, event.value), 0

    def _table(self, mark: Mark, events: Iterator[yaml.Event], depth: int) -> tuple[Table, int]:
        table, levels = Table(mark), 0
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._key(event, events, depth)
            node, deeper = self._node(next(events), events, depth + 1)
            levels = max(levels, deeper)
            if key is None:
                continue
            name, place = key
            if name in table.items:
                self._wrong(place, f"the key {name!r} is here twice (first on line {table.keys[name].line})")
                continue
            table.items[name], table.keys[name] = node, place
        return table, levels + 1

    def _key(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> tuple[str, Mark] | None:
        place = self._mark(event)
        if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]:
            self._wrong(place, "merge keys (<<) are not allowed (use an alias for a whole value)")
            return None
        node, _ = self._node(event, events, depth + 1)
        if isinstance(event, yaml.ScalarEvent):
            return str(event.value), place
        if not isinstance(node.value, str):
            self._wrong(place, "a key must be text")
            return None
        return node.value, place

    def _items(self, mark: Mark, events: Iterator[yaml.Event], depth: int) -> tuple[Items, int]:
        items, levels = Items(mark), 0
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            node, deeper = self._node(event, events, depth + 1)
            items.items.append(node)
            levels = max(levels, deeper)
        return items, levels + 1

    def _plain(self, text: str, mark: Mark) -> str | int | float | bool | None:
        """What unquoted text means."""
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _NUMBER.fullmatch(text):
            number = float(text)
            if math.isfinite(number):
                return number
            self._wrong(mark, f"the number {text!r} is too large")
        elif re.fullmatch(r"[-+]?[0-9]{31,}", text):
            self._wrong(mark, "the number is too long (at most 30 digits)")
        return text

    def _spend(self, mark: Mark, nodes: int) -> None:
        self._count += nodes
        if self._count > MOST_NODES:
            raise Unreadable(mark, f"more than {MOST_NODES} values, aliases followed")

    def _mark(self, event: yaml.Event) -> Mark:
        start = event.start_mark
        return Mark(self._path, start.line + 1, start.column + 1) if start else Mark(self._path, 1, 1)

    def _wrong(self, mark: Mark, what: str) -> None:
        self.problems.append(mark.problem(what))
