"""Documents read so far, by file; each file is read once in a load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from pydantic import ValidationError

from telcoai import plugins
from telcoai.errors import SpecError
from telcoai.spec import problems
from telcoai.spec.form import API_VERSION, Document
from telcoai.spec.nodes import Mark, Node, Table, mark_of
from telcoai.spec.profile_form import DeviceDocument, RadioDocument
from telcoai.spec.reading import read
from telcoai.spec.references import Dangling, candidates, unknown
from telcoai.spec.scenario_form import ScenarioDocument
from telcoai.spec.testbed_form import TestbedDocument
from telcoai.spec.workload_form import WorkloadDocument

D = TypeVar("D", bound=Document)

FORMS: Mapping[str, type[Document]] = MappingProxyType(
    {
        "Testbed": TestbedDocument,
        "Scenario": ScenarioDocument,
        "DeviceProfile": DeviceDocument,
        "RadioProfile": RadioDocument,
        "Workload": WorkloadDocument,
    }
)
FOLDERS: Mapping[str, str] = MappingProxyType(
    {
        "Testbed": "testbeds",
        "Scenario": "scenarios",
        "DeviceProfile": "testbeds/profiles",
        "RadioProfile": "testbeds/radios",
        "Workload": "workloads",
    }
)
_WORDS = MappingProxyType(
    {"Testbed": "testbed", "Scenario": "scenario", "DeviceProfile": "device profile", "RadioProfile": "radio profile"}
)


@dataclass(frozen=True, slots=True)
class Source:
    """One document as it stands in its file."""

    path: Path
    kind: str
    table: Table

    def mark(self, *place: str | int) -> Mark:
        """Where the value at ``place`` stands."""
        return mark_of(self.table, *place)

    def name(self) -> object:
        """``metadata.name`` as written."""
        metadata = self.table.items.get("metadata")
        return metadata.items["name"].value if isinstance(metadata, Table) and "name" in metadata.items else None


@dataclass
class Library:
    """What was read, and every problem found on the way."""

    problems: list[str] = field(default_factory=list)
    files: dict[Path, list[Source]] = field(default_factory=dict)
    plugins: dict[str, list[str]] = field(default_factory=dict)
    """Names by group, once asked for: finding them reads every installed package's metadata."""
    _found: dict[tuple[str, str, Path | None], Source] = field(default_factory=dict)

    def report(self, mark: Mark, what: str) -> None:
        """Note a problem; SpecError with all of them when they get too many to help."""
        self.problems.append(mark.problem(what))
        if len(self.problems) > 2 * problems.MOST:
            self.problems.append(mark.problem("more problems follow, these will do"))
            self.raise_problems()

    def sources(self, path: Path) -> list[Source]:
        """The documents of a file; problems of form are noted, and what has them is left out."""
        if path not in self.files:
            self.files[path] = []
            try:
                tables = read(path)
            except SpecError as err:
                self.problems += err.problems
                return []
            self.files[path] = [s for table in tables if (s := self._source(path, table)) is not None]
        return self.files[path]

    def refuse_unknown_plugin(self, group: str, name: str) -> None:
        """PluginError unless a plugin of that name is installed."""
        if group not in self.plugins:
            self.plugins[group] = plugins.names(group)
        plugins.refuse_unknown(group, name, self.plugins[group])

    def find(self, kind: str, reference: str, holder: Path | None) -> Source:
        """The document of ``kind`` that a reference means; Dangling when there is none."""
        wanted = (kind, reference, holder)
        if wanted not in self._found:
            self._found[wanted] = self._sought(kind, reference, holder)
        return self._found[wanted]

    def _sought(self, kind: str, reference: str, holder: Path | None) -> Source:
        for own in self.files.get(holder, []) if holder else []:
            if own.kind == kind and own.name() == reference:
                return own
        seen = []
        for path in candidates(reference, holder, FOLDERS[kind]):
            before = len(self.problems)
            found = [source for source in self.sources(path) if source.kind == kind]
            if found:
                return found[0]
            if len(self.problems) > before:
                raise Dangling(f"{path.name}, which this refers to, has problems of its own")
            seen.append(path.name)
        if seen and "." in reference:
            raise Dangling(f"{seen[0]} holds no {kind} document")
        raise Dangling(unknown(_WORDS.get(kind, kind), reference, FOLDERS[kind]))

    def checked(self, source: Source, form: type[D]) -> D | None:
        """The document in its form, or None after noting why not."""
        try:
            return form.model_validate(source.table.plain())
        except ValidationError as err:
            self.problems += problems.of_form(err, form, source.table)
            return None

    def raise_problems(self) -> None:
        """SpecError with every problem noted, if any."""
        if self.problems:
            raise SpecError(list(dict.fromkeys(self.problems)))

    def _source(self, path: Path, table: Table) -> Source | None:
        """A document whose kind and apiVersion are known; what else is wrong with it is found later."""
        self.problems += problems.empty_values(table)
        known = [
            self._one_of(table, "apiVersion", [API_VERSION]),
            self._one_of(table, "kind", list(FORMS)),
        ]
        return Source(path, str(known[1]), table) if all(known) else None

    def _one_of(self, table: Table, key: str, names: list[str]) -> str | None:
        """The value of ``key`` if it is one of ``names``, or None after noting what is wrong."""
        node: Node | None = table.items.get(key)
        if node is None:
            self.report(table.mark, f"missing key {key!r} {problems.allowed(names)}")
            return None
        if not isinstance(node.value, str) or node.value not in names:
            value = node.plain()
            near = problems.did_you_mean(str(value), names)
            self.report(node.mark, f"unknown {key} {problems.shown(value)} {problems.allowed(names)}{near}")
            return None
        return node.value
