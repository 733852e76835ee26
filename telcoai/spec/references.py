"""From a name or relative path in a file to the file that it means."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import telcoai
from telcoai.spec.problems import allowed, did_you_mean

YAML = (".yaml", ".yml")


class Dangling(Exception):
    """A reference means no file that may be read; the message says why and what is allowed."""


def shipped() -> Path:
    """The folder that holds ``testbeds`` and ``scenarios``: the checkout, or else the installed package's own."""
    package = Path(telcoai.__file__).resolve().parent
    checkout = package.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / "testbeds").is_dir():
        return checkout
    return package / "shipped"


def is_path(reference: str) -> bool:
    """Whether a reference is written as a path (rather than a name)."""
    return "/" in reference or "\\" in reference or PurePosixPath(reference).suffix in (*YAML, ".csv", ".py", ".npz")


def beside(reference: str, holder: Path) -> Path:
    """The file at a relative path from ``holder``'s folder; Dangling when it may not be read or isn't there.

    A path stays under the holder's folder, or under that folder's parent with one leading ``..``.
    """
    steps = PurePosixPath(reference).parts
    if "\0" in reference or "\\" in reference or reference.startswith(("/", "~")):
        raise Dangling(f"{reference!r} is not allowed: a reference is a name or a relative path with /")
    folder = holder.resolve().parent
    bound = folder.parent if steps[:1] == ("..",) else folder
    if ".." in steps[1:] or bound == bound.parent:
        raise Dangling(f"{reference!r} leaves the project (allowed: paths under this file's folder or its parent)")
    target = (folder / reference).resolve()
    if not target.is_relative_to(bound):
        raise Dangling(f"{reference!r} leaves the project by a link (allowed: paths under {bound})")
    if not target.is_file():
        raise Dangling(f"there is no file {reference!r} beside this one")
    return target


def candidates(reference: str, holder: Path | None, folder: str) -> Iterator[Path]:
    """Files that a reference may mean, nearest first. ``folder`` is where such files ship, like testbeds/profiles."""
    home = shipped() / folder
    if is_path(reference):
        yield _path(reference, holder, home)
        return
    places = [home]
    if holder is not None:
        own = holder.resolve().parent
        places = [own, own / PurePosixPath(folder).name, home]
    for place in places:
        for suffix in YAML:
            file = place / f"{reference}{suffix}"
            if file.is_file():
                yield file.resolve()


def _path(reference: str, holder: Path | None, home: Path) -> Path:
    if PurePosixPath(reference).suffix not in YAML:
        raise Dangling(f"{reference!r} is not a YAML file (allowed: names ending in .yaml or .yml)")
    if holder is None:
        return Path(reference).resolve()
    try:
        return beside(reference, holder)
    except Dangling:
        if ".." in PurePosixPath(reference).parts or not (home / reference).resolve().is_relative_to(home):
            raise
        if (home / reference).is_file():
            return (home / reference).resolve()
        raise


def unknown(what: str, reference: str, folder: str) -> str:
    """The message for a name that means nothing."""
    names = sorted(file.stem for file in (shipped() / folder).glob("*.yaml"))
    return f"there is no {what} {reference!r} {allowed(names)}, or a path{did_you_mean(reference, names)}"
