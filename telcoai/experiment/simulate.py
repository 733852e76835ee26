"""A scenario's runs on paper: the same arrivals, samples and strategies as on a testbed, and folders of the same form.

Latency is simulated, energy is modelled from it, predictions are the replayed ones. Each run.json says so
(``simulated``), and a comparison never mixes simulated runs with others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from telcoai.errors import TelcoaiError
from telcoai.experiment.bench import Bench
from telcoai.experiment.checks import Check
from telcoai.experiment.claims import claimed_folder
from telcoai.experiment.collect import sorted_samples, unfinished_rows
from telcoai.experiment.drivers import driver_configs
from telcoai.experiment.finish import account_windows, run_facts, with_correct, write_accounted
from telcoai.experiment.folder import RunFolder, experiment_folder
from telcoai.experiment.foresight import tell_future
from telcoai.experiment.loads import model_loads
from telcoai.experiment.matrix import RunKey, derive_seed, matrix
from telcoai.experiment.scheduled import scheduled
from telcoai.experiment.session import foresighted, load_plugins
from telcoai.experiment.story import Story
from telcoai.load.rows import SCHEMA, Row, to_batch
from telcoai.load.schedule import make_samples
from telcoai.model.scenario import Scenario
from telcoai.model.wire import WIRES
from telcoai.orchestrator.asked import asked_at_first
from telcoai.orchestrator.frame_sizes import measure_frames
from telcoai.orchestrator.journal import Journal
from telcoai.orchestrator.observe import Observer
from telcoai.plugins import Workload, load_strategy
from telcoai.simulation.jobs import Arrival, SimulatedService
from telcoai.simulation.play import Play, play
from telcoai.simulation.requests import Requests
from telcoai.simulation.world import World
from telcoai.workload.replay import read_table
from telcoai.workload.samples import read_samples

Rows = Mapping[tuple[str, str], list[Row]]


@dataclass(frozen=True)
class _Paper:
    """What all simulated runs of an experiment share."""

    scenario: Scenario
    workloads: Mapping[str, Workload]
    services: Mapping[str, SimulatedService]
    folder: Path
    against: Path | None
    foresighted: frozenset[str]


def simulate(scenario: Scenario, out: Path, story: Story, against: Path | None = None) -> Bench:
    """Simulate all runs of the scenario into the experiment's folder ``out``.

    ``against``: the folder of measured runs that the report sets them against.
    """
    keys = matrix(scenario)
    workloads, strategies = load_plugins(scenario)
    folder = experiment_folder(out)
    with claimed_folder(folder):
        with story.step("replayed outputs read"):
            services = _services(scenario, workloads)
        paper = _Paper(scenario, workloads, services, folder, against, foresighted(strategies))
        runs = []
        for key in keys:
            with story.step(f"simulated run {key.name}"):
                runs.append(_run(paper, key))
    return Bench(folder, tuple(runs), interrupted=False)


def _services(scenario: Scenario, workloads: Mapping[str, Workload]) -> dict[str, SimulatedService]:
    infos = {name: one.info for name, one in workloads.items()}
    sizes = measure_frames(scenario.services, infos)
    found = {}
    for service in scenario.services:
        info = infos[service.workload]
        answers = {}
        for variant in info.variants:
            for wire in WIRES:
                answers[variant.name, wire] = read_table(info.replay_path, variant.name, wire)
        labels = read_samples(info.samples_path).labels
        found[service.name] = SimulatedService(service.name, info, answers, labels, sizes.get(service.name, {}))
    return found


def _run(paper: _Paper, key: RunKey) -> dict[str, Any]:
    """One run's facts; a strategy that fails makes it invalid and ends nothing else."""
    scenario, folder = paper.scenario, RunFolder.create(paper.folder, key.name)
    journal = Journal(folder.path)
    infos = {name: one.info for name, one in paper.workloads.items()}
    configs = driver_configs(scenario, key, infos, folder)
    world = World(scenario.topology, derive_seed(key.seed, "links"), infos.values())
    requests = Requests(world, paper.services)
    arrivals = tuple(one for config in configs.values() for one in _arrivals(config))
    total_s = scenario.warmup_s + scenario.duration_s
    what = Play(arrivals, scenario.timeline, scenario.warmup_s, total_s)
    started = datetime.now(UTC).isoformat()
    error, observer = "", _observer(paper, key)
    try:
        strategy = load_strategy(key.strategy)
        tell_future(strategy, scenario, configs, infos)
        rows = play(what, strategy, world, requests, observer, journal)
    except TelcoaiError as err:
        rows, error = requests.rows, err.message
    facts = (
        _facts(paper, key)
        | {"started": started, "batteries": observer.batteries.facts()}
        | _write(paper, key, folder, _table(key, rows, configs))
    )
    failures = journal.failures + ([error] if error else [])
    check = Check("plan failures", len(failures), 0, "times", "; ".join(failures[:5]))
    why = [] if check.ok else [f"plan failures: {len(failures)} times ({check.detail})"]
    facts |= {"valid": check.ok, "why_invalid": why, "checks": [check.as_dict()]}
    folder.write_run(facts)
    for part in (folder.load, folder.logs):
        part.rmdir()
    return facts


def _arrivals(config: Mapping[str, Any]) -> Iterator[Arrival]:
    due_ns = scheduled(config)
    samples = make_samples(len(due_ns), config["samples"], config["seed"])
    deadlines = [(one["at_s"] * 1e9, one["deadline_ms"]) for one in config["deadlines"]]
    ends = [begin for begin, _ in deadlines[1:]] + [np.inf]
    limits = np.full(len(due_ns), np.nan)
    for (begin, limit), end in zip(deadlines, ends, strict=True):
        limits[(due_ns >= begin) & (due_ns < end)] = np.nan if limit is None else limit
    warm_ns = round(config["warmup_s"] * 1e9)
    for number, (due, sample, limit) in enumerate(zip(due_ns.tolist(), samples.tolist(), limits.tolist(), strict=True)):
        yield Arrival(config["service"], config["device"], number, due / 1e9, sample, due < warm_ns, limit)


def _observer(paper: _Paper, key: RunKey) -> Observer:
    """Strategies see no cluster: what the real one would decide is played."""
    scenario = paper.scenario
    return Observer(
        replace(scenario.topology, cluster=None),
        scenario.services,
        {name: one.info for name, one in paper.workloads.items()},
        scenario.period_s,
        derive_seed(key.seed, "strategy"),
        asked_at_first(scenario),
        {name: one.frame_bytes for name, one in paper.services.items() if one.frame_bytes},
        scenario.knowledge,
    )


def _table(key: RunKey, rows: Rows, configs: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """All requests, those that never ended as ``unfinished``."""
    frames = []
    for config in configs.values():
        service, device = config["service"], config["device"]
        own = rows.get((service, device), [])
        if own:
            frames.append(pa.Table.from_batches([to_batch(own, (key.name, service, device))], SCHEMA).to_pandas())
        due_ns = scheduled(config)
        missing = np.setdiff1d(np.arange(len(due_ns)), [row.request_id for row in own])
        if len(missing):
            frames.append(unfinished_rows(config, key.name, missing, due_ns[missing]))
    return sorted_samples(pd.concat(frames, ignore_index=True)) if frames else SCHEMA.empty_table().to_pandas()


def _write(paper: _Paper, key: RunKey, folder: RunFolder, samples: pd.DataFrame) -> dict[str, Any]:
    """Write the tables, the energy as of a real run."""
    scenario = paper.scenario
    samples = with_correct(scenario.services, paper.workloads, samples)
    warm_ns = round(scenario.warmup_s * 1e9)
    energy = account_windows(
        samples, scenario.topology, warm_ns, warm_ns + round(scenario.duration_s * 1e9), model_loads(folder)
    )
    write_accounted(folder, key, samples, energy)
    return {"state": "complete"}


def _facts(paper: _Paper, key: RunKey) -> dict[str, Any]:
    infos = [one.info for one in paper.workloads.values()]
    return run_facts(paper.scenario, key, infos, foresight=key.strategy in paper.foresighted) | {
        "simulated": True,
        "against": str(paper.against.absolute()) if paper.against else None,
    }
