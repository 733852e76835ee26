"""Run folders with made-up figures in the exact forms of real ones: for tests of reports only.

Latencies, energies and predictions are drawn from a seed around figures that make the strategies differ, so that a
report of them has something to show. Nothing here was measured.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from telcoai.energy.account import account, frame
from telcoai.load.rows import SCHEMA
from telcoai.report.testbed import topology_from

CAMERAS = tuple(f"camera-{k}" for k in range(1, 5))
TIERS = {**dict.fromkeys(CAMERAS, "device"), "edge": "edge", "cloud": "cloud"}
STRATEGIES = ("device-only", "edge-only", "cloud-only", "latency-greedy")
CHANGE_S, STRICTER_S = 10.0, 15.0


@dataclass(frozen=True)
class MadeUp:
    """What to make up. ``slow_ms`` is added to remote latencies after the link change.

    ``second``: name of a second service, that of the last two cameras; ``foresees``: strategies told the future.
    """

    strategies: tuple[str, ...] = STRATEGIES
    repetitions: int = 1
    rate_per_s: float = 5.0
    warmup_s: float = 3.0
    duration_s: float = 20.0
    slow_ms: float = 104.0
    invalid: tuple[str, ...] = ()
    errors: dict[str, float] = field(default_factory=dict)
    seed: int = 7
    second: str = ""
    foresees: tuple[str, ...] = ()

    def service_of(self, camera: str) -> str:
        """The service that a camera sends requests of."""
        return self.second if self.second and camera in CAMERAS[2:] else "vision"


BASE_MS = {"device-only": 95.0, "edge-only": 42.0, "cloud-only": 71.0, "latency-greedy": 43.0}
PLACES = {"device-only": "{d},{d},{d}", "edge-only": "edge,edge,edge", "cloud-only": "cloud,cloud,cloud"}


def make_experiment(folder: Path, made_up: MadeUp = MadeUp()) -> Path:
    """Write all runs; returns the experiment's folder."""
    for strategy in made_up.strategies:
        for repetition in range(1, made_up.repetitions + 1):
            make_run(folder, made_up, strategy, repetition)
    return folder


def make_run(folder: Path, made_up: MadeUp, strategy: str, repetition: int) -> Path:
    """Write one run's folder."""
    name = f"{strategy}-r{repetition}"
    path = folder / name
    (path / "logs").mkdir(parents=True)
    rng = np.random.default_rng([made_up.seed, repetition, sum(strategy.encode())])
    samples = make_samples(made_up, strategy, name, rng)
    topology = topology_from(make_topology())
    assert topology is not None
    warm_ns = int(made_up.warmup_s * 1e9)
    end_ns = warm_ns + int(made_up.duration_s * 1e9)
    rows = samples.to_pandas()
    warm = rows["warmup"]
    energy = account(rows[~warm].reset_index(drop=True), topology, warm_ns, end_ns)
    rows.loc[warm, "energy_j"] = account(rows[warm].reset_index(drop=True), topology, 0, warm_ns).per_request_j
    rows.loc[~warm, "energy_j"] = energy.per_request_j
    table = samples.append_column("energy_j", pa.array(rows["energy_j"]))
    pq.write_table(table, path / "samples.parquet")
    frame(energy, name).to_parquet(path / "energy.parquet")
    make_links(made_up, name).to_parquet(path / "links.parquet")
    write_lines(path / "decisions.jsonl", make_decisions(made_up, strategy))
    write_lines(path / "events.jsonl", make_events(made_up))
    (path / "run.json").write_text(json.dumps(make_facts(made_up, strategy, repetition), indent=1))
    return path


def make_samples(made_up: MadeUp, strategy: str, run: str, rng: np.random.Generator) -> pa.Table:
    """Rows of all cameras, in the columns that drivers write."""
    rows: list[dict[str, Any]] = []
    total_s = made_up.warmup_s + made_up.duration_s
    for camera in CAMERAS:
        times_s = np.sort(rng.uniform(0, total_s, rng.poisson(made_up.rate_per_s * total_s)))
        rows += [_row(made_up, strategy, run, camera, k, float(at_s), rng) for k, at_s in enumerate(times_s)]
    rows.sort(key=lambda row: row["scheduled_ns"])
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _row(made_up: MadeUp, strategy: str, run: str, camera: str, number: int, at_s: float, rng: Any) -> dict[str, Any]:
    scored_s = at_s - made_up.warmup_s
    after = scored_s >= CHANGE_S
    home = strategy == "device-only" or (strategy == "latency-greedy" and scored_s >= CHANGE_S + 1)
    latency_ms = BASE_MS["device-only" if home else strategy] * float(rng.lognormal(0, 0.12))
    latency_ms += made_up.slow_ms if after and not home else 0.0
    answered = rng.uniform() >= made_up.errors.get(strategy, 0.0)
    correct = bool(answered and rng.uniform() < (0.885 if home else 0.925))
    deadline_ms = 80.0 if scored_s >= STRICTER_S else 150.0
    scheduled = int(at_s * 1e9)
    place = (PLACES["device-only"] if home else PLACES.get(strategy, PLACES["edge-only"])).format(d=camera)
    label = int(rng.integers(10))
    done = scheduled + int(latency_ms * 1e6) if answered else scheduled + 10**7
    nodes = list(dict.fromkeys([camera, *place.split(",")]))
    return {
        "run": run,
        "service": made_up.service_of(camera),
        "device": camera,
        "request_id": number,
        "warmup": scored_s < 0,
        "scheduled_ns": scheduled,
        "sent_ns": scheduled + 90_000,
        "first_byte_ns": done - 10_000,
        "done_ns": done,
        "status": "200" if answered else "503",
        "exit": int(rng.choice(3, p=[0.4, 0.3, 0.3])) if answered else -1,
        "variant": "" if not answered else "lite0-128-int8" if home else "lite1-160-fp32",
        "placement": place if answered else "",
        "sample": int(rng.integers(2000)),
        "prediction": -1 if not answered else label if correct else (label + 1) % 10,
        "label": label,
        "correct": correct,
        "bytes_sent": 0 if home else 77_200,
        "bytes_received": 0 if home else 410,
        "hops": [_hop(node, latency_ms / len(nodes), node != nodes[-1]) for node in nodes] if answered else [],
        "deadline_ms": deadline_ms,
        "on_time": bool(answered and latency_ms <= deadline_ms),
        "fallback": "",
    }


def _hop(node: str, share_ms: float, forwards: bool) -> dict[str, Any]:
    return {
        "node": node,
        "queue_ns": int(share_ms * 5e4),
        "compute_ns": 0 if forwards else int(share_ms * 9e5),
        "network_ns": int(share_ms * 9e5) if forwards else 0,
        "sent_bytes": 77_200 if forwards else 0,
        "received_bytes": 410 if forwards else 0,
        "overrun": False,
        "replayed": node == "cloud",
    }


def make_links(made_up: MadeUp, run: str) -> pd.DataFrame:
    """A reading for each direction every half second."""
    rows = []
    for at_s in np.arange(0.2, made_up.warmup_s + made_up.duration_s, 0.5):
        for camera in CAMERAS:
            asked = 60.0 if at_s - made_up.warmup_s >= CHANGE_S else 8.0
            rows += [_reading(run, f"{camera}--edge", way, at_s, asked, 50e6) for way in ("up", "down")]
        rows += [_reading(run, "edge--cloud", way, at_s, 15.0, 1e9) for way in ("up", "down")]
    return pd.DataFrame(rows)


def _reading(run: str, link: str, direction: str, at_s: float, asked_ms: float, rate_bps: float) -> dict[str, Any]:
    return {
        "run": run,
        "link": link,
        "direction": direction,
        "time_ns": int(at_s * 1e9),
        "asked_delay_ms": asked_ms,
        "asked_jitter_ms": 2.0 if rate_bps < 1e9 else 0.0,
        "asked_rate_bps": rate_bps,
        "asked_loss": 0.001 if rate_bps < 1e9 else 0.0,
        "measured_delay_ms": asked_ms + 0.2 + 0.1 * np.sin(at_s),
        "packets": int(at_s * 300),
        "bytes": int(at_s * 4e5),
        "drops_queue": 0,
        "drops_loss": int(at_s * 0.3),
    }


def make_decisions(made_up: MadeUp, strategy: str) -> list[dict[str, Any]]:
    """One a second; the greedy one moves home after the change."""
    lines = []
    for second in range(int(made_up.warmup_s + made_up.duration_s)):
        moved = strategy == "latency-greedy" and second == made_up.warmup_s + CHANGE_S + 1
        applied = second == 0 or moved
        lines.append(
            {
                "time_s": second + 0.001,
                "strategy": strategy,
                "status": "applied" if applied else "unchanged",
                "reason": "the link got slower: camera-1 runs all stages itself" if moved else f"{strategy}: as ever",
                "duration_ms": 1.25,
                "plan": {"assignments": [], "reason": "", "predictions": {}} if applied else None,
                "error": "",
            }
        )
    return lines


def link_state(delay_ms: float, rate_bps: float = 50e6, loss: float = 0.001) -> dict[str, Any]:
    """A direction's state, plain."""
    return {"delay_ms": delay_ms, "jitter_ms": 2.0, "rate_bps": rate_bps, "loss": loss, "reorder": 0, "queue_bytes": 0}


def make_events(made_up: MadeUp) -> list[dict[str, Any]]:
    """A link change and stricter requirements."""
    change = [[f"{camera}--edge", link_state(60.0), link_state(60.0)] for camera in CAMERAS]
    stricter = {"percentile": 95.0, "deadline_ms": 80.0, "accuracy_min": 0.8, "energy_per_request_j": 1.5}
    events = [
        ("link", CHANGE_S, {"changes": change}),
        ("requirements", STRICTER_S, {"service": "vision", "requirements": stricter}),
    ]
    return [
        {"kind": kind, "at_s": at + made_up.warmup_s, "real_s": at + made_up.warmup_s + 0.0021, "what": what}
        for kind, at, what in events
        if at < made_up.duration_s
    ]


def make_facts(made_up: MadeUp, strategy: str, repetition: int) -> dict[str, Any]:
    """run.json."""
    name = f"{strategy}-r{repetition}"
    bad = name in made_up.invalid
    lag = 7.5 if bad else 0.4
    return {
        "run": name,
        "experiment": "made-up",
        "strategy": strategy,
        "repetition": repetition,
        "seed": made_up.seed * 1000 + repetition,
        "foresight": strategy in made_up.foresees,
        "state": "complete",
        "valid": not bad,
        "why_invalid": ["driver lag p99: 7.5 ms, bound 2"] if bad else [],
        "checks": [
            {"name": "driver lag p99", "figure": lag, "bound": 2.0, "ok": not bad, "unit": "ms", "detail": "late"},
            {"name": "overruns", "figure": 0.001, "bound": 0.01, "ok": True, "unit": "share", "detail": ""},
            {"name": "samples lost", "figure": 0, "bound": 0, "ok": True, "unit": "requests", "detail": ""},
        ],
        "meter": "model",
        "scenario": make_scenario(made_up),
        "testbed": make_topology(),
        "links_verified": [
            {
                "between": ["camera-1", "edge"],
                "configured": {"up": link_state(8.0), "down": link_state(8.0)},
                "measured": {"rtt_ms": 16.4, "up": {"rate_bps": 49.6e6}, "down": {"rate_bps": 49.5e6}},
            }
        ],
        "digests": {"made-up.yaml": "ab" * 32},
        "versions": {"python": "3.11.2", "telcoai": "0.1.0"},
        "host": {"system": "Linux", "kernel": "6.1", "cpu": "made-up CPU", "cores": 2, "memory_bytes": 8 << 30},
        "started": f"2026-01-01T00:0{repetition}:00+00:00",
        "t0_ns": 10**12,
        "warmup_s": made_up.warmup_s,
        "duration_s": made_up.duration_s,
        "replayed_share": 0.25,
        "stage_calls": 1000,
    }


def make_scenario(made_up: MadeUp) -> dict[str, Any]:
    """The scenario as resolved."""
    asked = {"percentile": 95.0, "deadline_ms": 150.0, "accuracy_min": 0.8, "energy_per_request_j": 1.5}
    demand = {"arrival": "poisson", "rate_per_s": made_up.rate_per_s, "at_s": 0.0, "parameters": {}, "trace": ""}
    return {
        "name": "made-up",
        "topology": make_topology(),
        "services": [
            {
                "name": name,
                "workload": "efficientnet-lite",
                "devices": [camera for camera in CAMERAS if made_up.service_of(camera) == name],
                "demand": demand,
                "requirements": asked,
            }
            for name in ("vision", made_up.second)
            if name
        ],
        "timeline": [],
        "strategies": list(made_up.strategies),
        "warmup_s": made_up.warmup_s,
        "duration_s": made_up.duration_s,
        "repetitions": made_up.repetitions,
        "seed": made_up.seed,
        "period_s": 1.0,
        "compute": "auto",
        "files": [],
    }


def make_topology() -> dict[str, Any]:
    """The testbed as resolved; what a report doesn't read is left out."""
    profiles = {"device": "raspberry-pi-4", "edge": "jetson-orin-nano", "cloud": "cloud-server"}
    nodes = [{"name": n, "tier": t, "profile": profiles[t], "group": n.split("-")[0]} for n, t in TIERS.items()]
    links = [
        {"a": camera, "b": "edge", "up": link_state(8.0), "down": link_state(8.0), "radio": "5g-nsa"}
        for camera in CAMERAS
    ]
    fast = link_state(15.0, 1e9, 0.0)
    links.append({"a": "edge", "b": "cloud", "up": fast, "down": fast, "radio": ""})
    return {"name": "made-up", "nodes": nodes, "links": links, "profiles": make_profiles(), "radios": make_radios()}


def _band(value: float, spread: float) -> dict[str, Any]:
    return {"value": value, "low": value * (1 - spread), "high": value * (1 + spread), "source": "made up"}


def make_profiles() -> dict[str, Any]:
    """Device profiles with made-up power."""
    power_w = {"raspberry-pi-4": (2.7, 6.4, 4), "jetson-orin-nano": (5.0, 15.0, 1), "cloud-server": (90.0, 300.0, 32)}
    return {
        name: {
            "name": name,
            "cores": cores,
            "memory_bytes": 4 << 30,
            "power_idle_w": _band(idle, 0.1),
            "power_busy_w": _band(busy, 0.1),
            "overhead_s": _band(0.001, 0.5),
            "speeds": [{"precision": "fp32", "gflops": _band(10.0, 0.3), "family": ""}],
            "stage_s": {},
        }
        for name, (idle, busy, cores) in power_w.items()
    }


def make_radios() -> dict[str, Any]:
    """One radio with made-up power."""
    bands = {"up_nj_per_bit": _band(40.0, 0.4), "down_nj_per_bit": _band(10.0, 0.4)}
    return {"5g-nsa": {"name": "5g-nsa", **bands, "base_w": _band(1.1, 0.2), "tail_s": _band(10.0, 0.1)}}


def write_lines(path: Path, lines: list[dict[str, Any]]) -> None:
    """JSON lines."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
