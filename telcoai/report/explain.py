"""Why a run's strategy did what it did: what it saw, what it chose, and what else was predicted to cost.

From decisions.jsonl and run.json, and the description of the workload that is installed (what its stages cost is in no
run folder); predictions are made anew, by this version of telcoai.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from telcoai import __version__
from telcoai.errors import InputError
from telcoai.model.plan import Assignment, Plan
from telcoai.model.scenario import Knowledge
from telcoai.model.topology import Topology
from telcoai.model.view import View
from telcoai.model.workload import WorkloadInfo
from telcoai.orchestrator.knowledge import Known
from telcoai.orchestrator.saw import view_of
from telcoai.plugins import load_workload
from telcoai.report.alternatives import Alternatives, Told
from telcoai.report.run import Run, read_run
from telcoai.report.sight import describe_view
from telcoai.report.testbed import topology_from

Line = Mapping[str, Any]


@dataclass(frozen=True)
class Explained:
    """One decision that changed something. Times in s after warm-up, as ``at`` in a scenario.

    ``until_s``: when the next one took over, None for the last. ``seen``: lines in words, of what ``saw`` holds.
    ``since``: what became of the decisions after it that changed nothing, by status.
    """

    at_s: float
    until_s: float | None
    reason: str
    saw: Line
    seen: tuple[str, ...]
    since: Mapping[str, int]
    told: tuple[Told, ...]


@dataclass(frozen=True)
class Explanation:
    """Decisions of one run; ``notes`` say what to bear in mind."""

    run: str
    strategy: str
    decisions: tuple[Explained, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Setting:
    """What all decisions of a run have in common; ``workloads`` by service, ``knowledge`` is what the scenario says of
    how wrong strategies are."""

    topology: Topology
    workloads: Mapping[str, WorkloadInfo]
    knowledge: Knowledge


@dataclass(frozen=True)
class _Turn:
    """A plan's time in force: its line of decisions.jsonl, that of the plan before, and those that changed nothing."""

    line: Line
    before: Line | None
    follow: list[Line]
    until_s: float | None


def explain(folder: Path, at_s: float | None = None, device: str = "") -> Explanation:
    """Each decision that changed something, or only the one in force at ``at_s``; all devices, or only the one named.

    InputError for a folder, time or device that can't be explained.
    """
    run = _run(folder)
    turns = _turns(run)
    if at_s is not None:
        turns = [_in_force(run, turns, at_s)]
    if not all(isinstance(turn.line["saw"], dict) for turn in turns):
        raise InputError(
            f"{folder}: the run was made by an earlier telcoai, which didn't keep what its strategy saw",
            "make it again with telcoai bench, then explain that",
        )
    setting = _setting(run)
    _refuse_unknown_device(run, device)
    return Explanation(run.name, run.strategy, tuple(_explained(turn, setting, device) for turn in turns), _notes(run))


def _run(folder: Path) -> Run:
    if not (folder / "run.json").is_file():
        runs = sorted(path.parent.name for path in folder.glob("*/run.json"))
        raise InputError(
            f"{folder} is no run's folder: it has no run.json",
            f"name one of the runs in it: {', '.join(runs)}"
            if runs
            else "such as reports/quickstart/latency-greedy-r1",
        )
    run = read_run(folder)
    if run.state == "unreadable":
        raise InputError(f"{folder}: {'; '.join(run.why_invalid)}", "make the run again with telcoai bench")
    return run


def _turns(run: Run) -> list[_Turn]:
    """Plans in the order in which they were in force; InputError when there is none."""
    lines: list[Line] = [
        {str(name): value for name, value in line.items()} for line in run.decisions.to_dict("records")
    ]
    starts = [k for k, line in enumerate(lines) if line["status"] == "applied"]
    if not starts:
        raise InputError(f"{run.path}: decisions.jsonl holds no plan that was applied", "name another run")
    ends = [*starts[1:], len(lines)]
    return [
        _Turn(
            line=lines[start],
            before=lines[starts[k - 1]] if k else None,
            follow=lines[start + 1 : end],
            until_s=_at_s(lines[end]) if end < len(lines) else None,
        )
        for k, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]


def _at_s(line: Line) -> float:
    return round(float(line["scored_s"]), 3)


def _in_force(run: Run, turns: list[_Turn], at_s: float) -> _Turn:
    """The last one that began by then; InputError for a time outside of the run."""
    end_s = float(run.facts.get("duration_s", 0.0))
    begun = [turn for turn in turns if _at_s(turn.line) <= at_s]
    if at_s > end_s or not begun:
        raise InputError(f"--at: {at_s:g} s is not within the run, which took {end_s:g} s after its warm-up")
    return begun[-1]


def _setting(run: Run) -> _Setting:
    """What run.json says of testbed and services; InputError when it is in another form than this version's."""
    topology = topology_from(run.topology)
    services = run.scenario.get("services")
    try:
        named = {str(one["name"]): str(one["workload"]) for one in services or ()}
        knowledge = Knowledge(**(run.scenario.get("knowledge") or {}))
    except (KeyError, TypeError):
        named, knowledge = {}, Knowledge()
    if topology is None or not named:
        raise InputError(f"{run.path}: run.json is not in this telcoai's form", "make the run again with telcoai bench")
    workloads = {workload: load_workload(workload).info for workload in named.values()}
    return _Setting(topology, {name: workloads[workload] for name, workload in named.items()}, knowledge)


def _refuse_unknown_device(run: Run, device: str) -> None:
    known = {str(name): None for service in run.scenario["services"] for name in service.get("devices", ())}
    if device and device not in known:
        raise InputError(f"--device: {device!r} sends no requests in {run.name}", f"allowed: {', '.join(known)}")


def _read(turn: _Turn, setting: _Setting) -> tuple[View, Plan]:
    """What was seen and chosen; InputError for lines that aren't as ``Journal`` writes them."""
    try:
        known = Known(setting.knowledge, turn.line["saw"]["seed"]).topology(setting.topology)
        view = view_of(turn.line["saw"], known, setting.workloads)
        view = replace(view, previous=_plan(turn.before["plan"]) if turn.before else None)
        return view, _plan(turn.line["plan"])
    except (KeyError, TypeError) as err:
        raise InputError(f"decisions.jsonl is not in this telcoai's form: {err!r}", "make the run again") from err


def _plan(plain: Line) -> Plan:
    """A plan from its line; KeyError or TypeError when it is none."""
    return Plan(tuple(map(_assignment, plain["assignments"])), plain["reason"], plain["predictions"])


def _assignment(plain: Line) -> Assignment:
    tuples: dict[str, Any] = {name: tuple(plain[name]) for name in ("hops", "thresholds")}
    tuples["replicas"] = tuple(tuple(row) for row in plain.get("replicas", ()))
    return Assignment(**{**plain, **tuples})


def _explained(turn: _Turn, setting: _Setting, device: str) -> Explained:
    view, plan = _read(turn, setting)
    return Explained(
        at_s=_at_s(turn.line),
        until_s=turn.until_s,
        reason=str(turn.line["reason"]),
        saw=turn.line["saw"],
        seen=describe_view(view),
        since=Counter(str(line["status"]) for line in turn.follow),
        told=Alternatives(view, plan).told(device),
    )


def _notes(run: Run) -> tuple[str, ...]:
    made_by = (run.facts.get("versions") or {}).get("telcoai")
    found = [] if made_by == __version__ else [f"the run is of telcoai {made_by}, these predictions of {__version__}"]
    knowledge = run.scenario.get("knowledge") or {}
    off = [f"{what} by up to {share:.0%}" for what, share in knowledge.items() if share]
    if off:
        found.append(f"the scenario has strategies err about {' and '.join(off)}: predictions are from what was known")
    return tuple(found + ([] if run.valid else [f"the run is not valid: {'; '.join(run.why_invalid)}"]))
