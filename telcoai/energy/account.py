"""The account of a run: joules per request, per node and component, and what was used in natural units.

Energy of a node = idle power × window + (busy core-seconds + seconds of loading models) × (busy - idle) / cores
+ radio base power × connected time + bits × energy per bit. The energy of a request is the dynamic part (all but idle)
on every node and radio that it touched; over all requests it sums to the dynamic part of the nodes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from telcoai.energy.activity import Activity, Transfer, activity
from telcoai.energy.connected import connected_seconds
from telcoai.energy.loads import Load, charge, load_seconds
from telcoai.energy.use import RadioUse, Use
from telcoai.model.power import JOULES_PER_NANOJOULE, core_power, scaled
from telcoai.model.topology import Band, Node, Topology

METER = "model"


@dataclass(frozen=True, slots=True)
class EnergyRow:
    """A row of energy.parquet: one component of one node. What a component doesn't have is NaN."""

    node: str
    tier: str
    meter: str
    component: str
    seconds: float
    busy_core_s: float
    bytes: float
    energy_j: float
    energy_low_j: float
    energy_high_j: float


@dataclass(frozen=True)
class EnergyResult:
    """``per_request_j``: dynamic energy of each row of the samples, in their order. ``use``: totals of the run."""

    per_request_j: NDArray[np.float64]
    rows: tuple[EnergyRow, ...]
    use: Use

    def total_j(self, component: str | None = None) -> float:
        """Energy of all nodes, or of one component of theirs, in joules."""
        return sum(row.energy_j for row in self.rows if component in (None, row.component))

    @property
    def dynamic_j(self) -> float:
        """Energy of all nodes without their idle power, in joules."""
        return self.total_j() - self.total_j("idle")


@dataclass(frozen=True)
class _RadioAccount:
    """One node's radio: its transfers, and their connected time with the tail as said, short and long."""

    node: str
    radio: str
    transfers: tuple[Transfer, ...]
    connected: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]

    @property
    def seconds(self) -> Band:
        value, low, high = (float(parts.sum()) for parts in self.connected)
        return Band(value, low, high)

    def sent(self) -> tuple[int, int]:
        """Bytes up and down."""
        return sum(t.up_bytes for t in self.transfers), sum(t.down_bytes for t in self.transfers)


def account(
    samples: pd.DataFrame, topology: Topology, start_ns: int, end_ns: int, loads: Iterable[Load] = ()
) -> EnergyResult:
    """Account for all the rows given, and for idle, connected and loading time within the window.

    ``samples`` has the columns of samples.parquet; times are in its own nanoseconds. InputError when the rows don't
    fit the testbed.
    """
    seen = activity(samples, topology)
    radios = _radios(seen, topology, (start_ns / 1e9, end_ns / 1e9))
    per_request = np.zeros(len(samples))
    core_w = {node.name: core_power(topology.profiles[node.profile]).value for node in topology.nodes}
    for compute in seen.computes:
        per_request[compute.request] += core_w[compute.node] * compute.core_s
    for one in radios:
        _charge(per_request, one, topology)
    loading = load_seconds(loads, (start_ns / 1e9, end_ns / 1e9))
    charge(per_request, {n: core_w[n] * s for n, s in loading.items()}, seen.computes, len(samples))
    busy = _busy(seen)
    rows = _rows(topology, busy, radios, (end_ns - start_ns) / 1e9) + _load_rows(topology, loading)
    spent = {name: busy.get(name, 0.0) + loading.get(name, 0.0) for name in {*busy, *loading}}
    return EnergyResult(per_request, rows, _use(topology, spent, radios, len(samples)))


def frame(result: EnergyResult, run: str) -> pd.DataFrame:
    """The rows as energy.parquet has them."""
    columns = ["run", *EnergyRow.__dataclass_fields__]
    return pd.DataFrame([{"run": run, **asdict(row)} for row in result.rows], columns=columns)


def _busy(seen: Activity) -> dict[str, float]:
    busy: dict[str, float] = defaultdict(float)
    for compute in seen.computes:
        busy[compute.node] += compute.core_s
    return dict(busy)


def _radios(seen: Activity, topology: Topology, window_s: tuple[float, float]) -> list[_RadioAccount]:
    grouped: dict[tuple[str, str], list[Transfer]] = defaultdict(list)
    for transfer in seen.transfers:
        grouped[transfer.node, transfer.radio].append(transfer)
    found = []
    for (node, radio), transfers in grouped.items():
        start_s = np.array([t.start_s for t in transfers])
        end_s = np.array([t.end_s for t in transfers])
        tail = topology.radios[radio].tail_s
        value, low, high = (connected_seconds(start_s, end_s, t, window_s) for t in (tail.value, tail.low, tail.high))
        found.append(_RadioAccount(node, radio, tuple(transfers), (value, low, high)))
    return found


def _charge(per_request: NDArray[np.float64], one: _RadioAccount, topology: Topology) -> None:
    """Add a radio's energy to the requests that used it."""
    profile = topology.radios[one.radio]
    for transfer, seconds in zip(one.transfers, one.connected[0], strict=True):
        bits_nj = 8 * (
            transfer.up_bytes * profile.up_nj_per_bit.value + transfer.down_bytes * profile.down_nj_per_bit.value
        )
        per_request[transfer.request] += profile.base_w.value * seconds + bits_nj * JOULES_PER_NANOJOULE


def _rows(
    topology: Topology, busy: Mapping[str, float], radios: list[_RadioAccount], window_s: float
) -> tuple[EnergyRow, ...]:
    rows = []
    for node in topology.nodes:
        profile = topology.profiles[node.profile]
        rows.append(_row(node, "idle", scaled(profile.power_idle_w, window_s), seconds=window_s))
        core_s = busy.get(node.name, 0.0)
        rows.append(_row(node, "compute", scaled(core_power(profile), core_s), busy_core_s=core_s))
        own = [one for one in radios if one.node == node.name]
        rows += _radio_rows(node, own, topology)
    return tuple(rows)


def _load_rows(topology: Topology, loading: Mapping[str, float]) -> tuple[EnergyRow, ...]:
    """A row for each node that loaded something."""
    nodes = [node for node in topology.nodes if node.name in loading]
    power = {node.name: core_power(topology.profiles[node.profile]) for node in nodes}
    return tuple(
        _row(node, "load", scaled(power[node.name], loading[node.name]), seconds=loading[node.name]) for node in nodes
    )


def _radio_rows(node: Node, own: list[_RadioAccount], topology: Topology) -> list[EnergyRow]:
    """Base power and bytes, of all radios of a node together; none for a node that carries no radio."""
    if not own:
        return []
    base = _total(_times(topology.radios[one.radio].base_w, one.seconds) for one in own)
    slopes = _total(_bits(one, topology) for one in own)
    seconds = sum(one.seconds.value for one in own)
    sent = float(sum(sum(one.sent()) for one in own))
    return [_row(node, "radio_base", base, seconds=seconds), _row(node, "radio_bytes", slopes, sent=sent)]


def _bits(one: _RadioAccount, topology: Topology) -> Band:
    up, down = one.sent()
    profile = topology.radios[one.radio]
    parts = scaled(profile.up_nj_per_bit, 8 * up), scaled(profile.down_nj_per_bit, 8 * down)
    return scaled(_total(parts), JOULES_PER_NANOJOULE)


def _times(power: Band, seconds: Band) -> Band:
    return Band(power.value * seconds.value, power.low * seconds.low, power.high * seconds.high)


def _total(bands: Iterable[Band]) -> Band:
    """Sum of figures whose errors all lean the same way, the widest that the sum can be."""
    known = list(bands)
    return Band(sum(b.value for b in known), sum(b.low for b in known), sum(b.high for b in known))


def _row(
    node: Node,
    component: str,
    energy: Band,
    seconds: float = np.nan,
    busy_core_s: float = np.nan,
    sent: float = np.nan,
) -> EnergyRow:
    tail = (energy.value, energy.low, energy.high)
    return EnergyRow(node.name, str(node.tier), METER, component, seconds, busy_core_s, sent, *tail)


def _use(topology: Topology, busy: Mapping[str, float], radios: list[_RadioAccount], requests: int) -> Use:
    core_s: dict[str, float] = defaultdict(float)
    for name, seconds in busy.items():
        core_s[topology.node(name).profile] += seconds
    grouped: dict[str, list[_RadioAccount]] = defaultdict(list)
    for one in radios:
        grouped[one.radio].append(one)
    used = {name: _radio_use(own) for name, own in grouped.items()}
    return Use(requests, dict(core_s), used)


def _radio_use(own: list[_RadioAccount]) -> RadioUse:
    up = 8.0 * sum(one.sent()[0] for one in own)
    down = 8.0 * sum(one.sent()[1] for one in own)
    return RadioUse(up, down, _total(one.seconds for one in own))
