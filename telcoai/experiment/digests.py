"""What an experiment was made from: SHA-256 of its files, under names that mean the same on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import telcoai
from telcoai.model.scenario import Scenario
from telcoai.model.workload import WorkloadInfo
from telcoai.plugins import is_file, split


def digests(scenario: Scenario, workloads: Iterable[WorkloadInfo]) -> dict[str, str]:
    """Of every file that the scenario was read from, of strategies' own files, and of the workloads' tables."""
    paths = [Path(name) for name in scenario.files]
    paths += [Path(split(one)[0]).resolve() for one in scenario.strategies if is_file(one)]
    for workload in workloads:
        paths += [workload.samples_path, workload.replay_path]
    shipped = Path(telcoai.__file__).parents[1]
    names = named(dict.fromkeys(paths), (shipped, Path.cwd()))
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in names.items()}


def named(paths: Iterable[Path], roots: tuple[Path, ...]) -> dict[str, Path]:
    """Paths by their way from the first root that holds them, others by name, numbered where names meet."""
    found: dict[str, Path] = {}
    for path in paths:
        root = next((root for root in roots if path.is_relative_to(root)), path.parent)
        plain = path.relative_to(root).as_posix()
        name, number = plain, 2
        while name in found:
            name, number = f"{plain} ({number})", number + 1
        found[name] = path
    return found
