"""Loads files whole: form, cross checks and references, with every problem told at once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from telcoai.errors import SpecError
from telcoai.model.scenario import Scenario
from telcoai.model.topology import DeviceProfile, Topology
from telcoai.model.workload import WorkloadInfo
from telcoai.spec.library import FORMS, Library, Source
from telcoai.spec.marks import MarkedScenario
from telcoai.spec.nodes import Mark
from telcoai.spec.profile_form import DeviceDocument
from telcoai.spec.references import Dangling, is_path
from telcoai.spec.scenario import scenario
from telcoai.spec.testbed import topology
from telcoai.spec.workload import workload

T = TypeVar("T")


def load_testbed(path_or_name: str | Path) -> Topology:
    """The testbed of a file, or of a shipped name; SpecError with all problems."""
    library = Library()
    source = _source(library, "Testbed", path_or_name)
    return _whole(library, topology(library, source) if source else None)


def load_scenario(path_or_name: str | Path, testbed: str | Path | None = None) -> Scenario:
    """The scenario of a file, or of a shipped name, on ``testbed`` instead of its own when given."""
    return load_marked(path_or_name, testbed).scenario


def load_marked(path_or_name: str | Path, testbed: str | Path | None = None) -> MarkedScenario:
    """The same, which also knows where its requirements stand."""
    library = Library()
    source = _source(library, "Scenario", path_or_name)
    on = None if testbed is None else _source(library, "Testbed", testbed)
    library.raise_problems()
    return _whole(library, _marked(library, source, on) if source else None)


def scenarios_in(path: str | Path) -> list[MarkedScenario]:
    """All scenarios of a file; SpecError with all problems."""
    library = Library()
    sources = [source for source in library.sources(Path(path).resolve()) if source.kind == "Scenario"]
    return [_whole(library, _marked(library, source, None)) for source in sources]


def load_workload(path: str | Path) -> WorkloadInfo:
    """The workload of a file."""
    library = Library()
    source = _source(library, "Workload", path)
    return _whole(library, workload(library, source) if source else None)


def load_profile(path_or_name: str | Path) -> DeviceProfile:
    """The device profile of a file, or of a shipped name."""
    library = Library()
    source = _source(library, "DeviceProfile", path_or_name)
    document = library.checked(source, DeviceDocument) if source else None
    return _whole(library, document.value() if document else None)


def validate(paths: Iterable[str | Path]) -> list[str]:
    """Every problem of the files and of what they refer to, one line each; none when all is well."""
    library = Library()
    try:
        for path in paths:
            for source in library.sources(Path(path).resolve()):
                _check(library, source)
        library.raise_problems()
    except SpecError as err:
        return err.problems
    return []


def _check(library: Library, source: Source) -> None:
    if source.kind == "Testbed":
        topology(library, source)
    elif source.kind == "Scenario":
        scenario(library, source)
    elif source.kind == "Workload":
        workload(library, source)
    else:
        library.checked(source, FORMS[source.kind])


def _source(library: Library, kind: str, path_or_name: str | Path) -> Source | None:
    """The first document of ``kind`` in a file, or the one that a shipped name means; problems are noted."""
    given = str(path_or_name)
    try:
        if isinstance(path_or_name, str) and not is_path(given) and not Path(given).is_file():
            return library.find(kind, given, None)
    except (Dangling, ValueError) as err:
        raise SpecError([f"{given[:200]}: {err}"]) from None
    path = Path(given).resolve()
    found = library.sources(path)
    for source in found:
        if source.kind == kind:
            return source
    if not library.problems:
        library.report(Mark(path, 1, 1), f"holds no {kind} (it holds {', '.join(s.kind for s in found)})")
    return None


def _marked(library: Library, source: Source, on: Source | None) -> MarkedScenario | None:
    found = scenario(library, source, on)
    return None if found is None else MarkedScenario(found, source)


def _whole(library: Library, value: T | None) -> T:
    library.raise_problems()
    if value is None:
        raise AssertionError("nothing was loaded and no problem noted")
    return value
