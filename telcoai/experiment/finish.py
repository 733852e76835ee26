"""After a run: its tables, its checks, and run.json."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from telcoai.energy.account import EnergyResult, account, frame
from telcoai.energy.activity import core_ns
from telcoai.energy.loads import Load
from telcoai.experiment.checks import Check, Evidence, run_checks
from telcoai.experiment.collect import read_samples, row_files, sorted_samples, unfinished_rows
from telcoai.experiment.digests import digests
from telcoai.experiment.folder import RunFolder
from telcoai.experiment.host import describe_host, versions
from telcoai.experiment.loads import model_loads
from telcoai.experiment.matrix import RunKey
from telcoai.experiment.run import Outcome
from telcoai.experiment.scheduled import scheduled
from telcoai.experiment.session import Session
from telcoai.load.rows import SCHEMA
from telcoai.model.scenario import Scenario, Service
from telcoai.model.topology import Topology
from telcoai.model.workload import WorkloadInfo
from telcoai.network.probe import LinkProbe
from telcoai.network.record import links_off
from telcoai.orchestrator.figures import growth
from telcoai.orchestrator.pod_cpu import worst_gap
from telcoai.plugins import Workload
from telcoai.testbed.network import NONE
from telcoai.testbed.running import Testbed

SCORE_OF_A_CORRECT_ANSWER = 0.5


def run_facts(scenario: Scenario, key: RunKey, workloads: Iterable[WorkloadInfo], foresight: bool) -> dict[str, Any]:
    """What run.json says of a run that is made or simulated."""
    return {
        "run": key.name,
        "experiment": scenario.name,
        "strategy": key.name.rpartition("-r")[0],
        "repetition": key.repetition,
        "seed": key.seed,
        "foresight": foresight,
        "meter": "model",
        "warmup_s": scenario.warmup_s,
        "duration_s": scenario.duration_s,
        "scenario": plain(scenario),
        "testbed": plain(scenario.topology),
        "digests": digests(scenario, workloads),
        "versions": versions(),
    }


def opening_facts(session: Session, key: RunKey) -> dict[str, Any]:
    """run.json as it is while the run goes on, so that a killed one says what it was."""
    known = run_facts(
        session.scenario, key, session.deployment.workloads.values(), foresight=key.strategy in session.foresighted
    )
    return {
        **known,
        "state": "running",
        "valid": False,
        "why_invalid": ["the run has not ended"],
        "checks": [],
        "links_verified": session.testbed.verified_links(),
        "replay": plain(session.replay),
        **session.deployment.facts(),
        "host": describe_host(),
    }


def finish(session: Session, outcome: Outcome, folder: RunFolder) -> dict[str, Any]:
    """Write the tables and the final run.json; returns its facts."""
    samples = read_samples(row_files(folder.load), outcome.key.name)
    samples = with_correct(session.scenario.services, session.workloads, with_cut(samples, outcome))
    facts = opening_facts(session, outcome.key)
    readings = outcome.probe.readings if outcome.probe else []
    links = pd.DataFrame([one.row() for one in readings])
    links.insert(0, "run", outcome.key.name)
    folder.write_table("links", links)
    energy = account_energy(session, outcome, samples, model_loads(folder))
    write_accounted(folder, outcome.key, samples, energy)
    accounted = compute_accounted(outcome, samples)
    off = () if makes_no_links(session.testbed) or not outcome.probe else _links_off(outcome.probe)
    evidence = gather(outcome, samples, accounted, off)
    checks = run_checks(evidence, session.scenario.bounds)
    facts |= verdict(checks, outcome)
    facts |= {
        "started": outcome.started,
        "t0_ns": outcome.t0_ns,
        "replayed_share": share(outcome, "replayed_calls", "stage_calls"),
        "stage_calls": difference(outcome, "stage_calls"),
        "compute_accounted": plain(accounted),
        "batteries": plain(outcome.batteries),
        "clocks": plain(outcome.clocks),
        "pod_cpu": [plain(one) | {"gap": one.gap} for one in outcome.cpu],
    }
    folder.write_run(facts)
    for one in folder.load.iterdir():
        one.unlink()
    folder.load.rmdir()
    return facts


def broken(session: Session, key: RunKey, folder: RunFolder, why: str) -> dict[str, Any]:
    """Write run.json of a run that could not be finished; what drivers wrote stays, so that reports can read it."""
    facts = opening_facts(session, key) | {"state": "partial", "why_invalid": [why]}
    folder.write_run(facts)
    return facts


def with_correct(services: Iterable[Service], workloads: Mapping[str, Workload], samples: pd.DataFrame) -> pd.DataFrame:
    """Rows whose ``correct`` is what their workload's own score says: at least half right."""
    for service in services:
        rows = (samples["service"] == service.name) & (samples["status"] == "200")
        predictions, numbers = (samples.loc[rows, name].to_numpy(np.int64) for name in ("prediction", "sample"))
        right = workloads[service.workload].score(predictions, numbers)
        samples.loc[rows, "correct"] = np.asarray(right) >= SCORE_OF_A_CORRECT_ANSWER
    return samples


def with_cut(samples: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    """Requests that no driver could send or finish because the timeline stopped its node, added as ``unfinished``."""
    missing = []
    for name in outcome.cut:
        config = outcome.configs[name]
        own = samples[(samples["service"] == config["service"]) & (samples["device"] == config["device"])]
        due_ns = due(config, outcome)
        numbers = np.setdiff1d(np.arange(due_ns.size), own["request_id"])
        missing.append(unfinished_rows(config, outcome.key.name, numbers, due_ns[numbers]))
    return sorted_samples(pd.concat([samples, *missing], ignore_index=True)) if missing else samples


def account_energy(
    session: Session, outcome: Outcome, samples: pd.DataFrame, loads: Sequence[Load] = ()
) -> EnergyResult:
    """``account_windows`` of a run, a partial one up to its end."""
    scenario = session.scenario
    warm_ns = int(scenario.warmup_s * 1e9)
    end_ns = warm_ns + int(scenario.duration_s * 1e9)
    if outcome.partial:
        end_ns = min(end_ns, int(outcome.ended_s * 1e9))
        warm_ns = min(warm_ns, end_ns)
    return account_windows(samples, scenario.topology, warm_ns, end_ns, loads)


def account_windows(
    samples: pd.DataFrame, topology: Topology, warm_ns: int, end_ns: int, loads: Sequence[Load] = ()
) -> EnergyResult:
    """Fill ``energy_j`` of every row; the account of the scored window, which the table holds.

    Warm-up and scored rows are accounted for apart, each within its own window, so that both sums are exact.
    """
    warm = samples["warmup"].to_numpy(bool)
    before = account(samples[warm], topology, 0, warm_ns, loads)
    scored = account(samples[~warm], topology, warm_ns, end_ns, loads)
    joules = np.empty(len(samples))
    joules[warm], joules[~warm] = before.per_request_j, scored.per_request_j
    samples["energy_j"] = joules
    return scored


def write_accounted(folder: RunFolder, key: RunKey, samples: pd.DataFrame, energy: EnergyResult) -> None:
    """samples.parquet with each request's joules, and energy.parquet."""
    folder.write_table("samples", samples, SCHEMA.append(pa.field("energy_j", pa.float64())))
    folder.write_table("energy", frame(energy, key.name))


def compute_accounted(outcome: Outcome, samples: pd.DataFrame) -> float:
    """Core time that requests report, over core time that runtimes counted; below 1 where answers never came back.

    Of nodes whose counters and rows are whole. NaN when rows report some and runtimes counted none.
    """
    hops = samples["hops"].map(lambda entries: [] if entries is None else list(entries))
    left_out = outcome.stopped | _served_lost_drivers(outcome, samples["device"], hops)
    kept = [name for name in outcome.after if name not in left_out]
    counted = sum(growth(outcome.before.get(name), outcome.after[name], "busy_core_ns") for name in kept)
    reported = sum(core_ns(hop) for entries in hops for hop in entries if hop["node"] not in left_out)
    if counted == 0:
        return math.nan if reported else 1.0
    return reported / counted


def _served_lost_drivers(outcome: Outcome, device: pd.Series, hops: pd.Series) -> set[str]:
    """Nodes that computed for drivers that the timeline ended: the last of those drivers' rows are lost."""
    lost = {outcome.configs[name]["device"] for name in outcome.cut}
    return {hop["node"] for entries in hops[device.isin(lost)] for hop in entries}


def makes_no_links(testbed: Testbed) -> bool:
    """Whether the links are those of a cluster that is there already, which nobody made or can measure."""
    return testbed.cluster is not None and testbed.cluster.backend == NONE


def _links_off(probe: LinkProbe) -> tuple[str, ...]:
    return links_off(probe.readings, probe.spans())


def gather(outcome: Outcome, samples: pd.DataFrame, accounted: float, off: tuple[str, ...]) -> Evidence:
    """What the checks look at. A partial run is judged on what it was, up to its end."""
    until_ns = int(outcome.ended_s * 1e9)
    expected = sum(due(config, outcome).size for config in outcome.configs.values())
    recorded = int((samples["scheduled_ns"] < until_ns).sum()) if outcome.partial else len(samples)
    return Evidence(
        samples=samples[~samples["warmup"]],
        expected=expected,
        recorded=recorded,
        stage_calls=difference(outcome, "stage_calls"),
        overruns=difference(outcome, "overruns"),
        replayed_calls=difference(outcome, "replayed_calls"),
        late_calls=difference(outcome, "late_calls"),
        host_utilisation=outcome.host_utilisation,
        clock_jump_ms=outcome.clock_jump_ms,
        links_off=off,
        failures=tuple(outcome.failures),
        compute_accounted=accounted,
        cpu_gap=worst_gap(outcome.cpu),
    )


def due(config: Mapping[str, Any], outcome: Outcome) -> Any:
    """The part of a driver's schedule that fell into the run, in ns after t0."""
    times = scheduled(config)
    return times[times < int(outcome.ended_s * 1e9)] if outcome.partial else times


def verdict(checks: tuple[Check, ...], outcome: Outcome) -> dict[str, Any]:
    """The state of a run, and whether its figures count."""
    why = [_why(check) for check in checks if not check.ok]
    if outcome.error:
        why.insert(0, f"ended {outcome.ended_s:.1f} s after its start: {outcome.error}")
    if outcome.interrupted:
        why.insert(0, f"interrupted {outcome.ended_s:.1f} s after its start")
    return {
        "state": "partial" if outcome.partial else "complete",
        "valid": not why,
        "why_invalid": why,
        "checks": [check.as_dict() for check in checks],
    }


def _why(check: Check) -> str:
    detail = f" ({check.detail})" if check.detail and check.bound == 0 else ""
    return f"{check.name}: {check.figure:.4g} {check.unit}, bound {check.bound:g}{detail}"


def difference(outcome: Outcome, counter: str) -> int:
    """How much a runtime counter grew during the run, over all nodes; a restarted runtime counts from 0."""
    return sum(growth(outcome.before.get(name), now, counter) for name, now in outcome.after.items())


def share(outcome: Outcome, part: str, whole: str) -> float:
    """Ratio of the growth of two counters, 0 when nothing happened."""
    total = difference(outcome, whole)
    return difference(outcome, part) / total if total else 0.0


def plain(value: Any) -> Any:
    """Dataclasses, tuples and paths as what JSON can hold; not-a-number becomes None."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kind = {"change": type(value).__name__} if type(value).__name__.endswith("Change") else {}
        return kind | {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float) and value != value:  # noqa: PLR0124 - the definition of NaN
        return None
    return str(value) if isinstance(value, Path) else value
