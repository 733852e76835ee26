"""A small testbed with a radio, and rows as a run writes them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from telcoai.model.topology import Band, DeviceProfile, Link, LinkState, Node, RadioProfile, Tier, Topology

Hop = tuple[str, float, float, float, int, int]
"""(node, queue s, compute s, network s, bytes sent, bytes received)."""

Row = tuple[float, float, Sequence[Hop]]
"""(sent s, done s, hops)."""

START_NS, END_NS = 0, 100_000_000_000


def exact(value: float) -> Band:
    return Band(value, value, value)


def profile(name: str, cores: int, idle: Band, busy: Band) -> DeviceProfile:
    return DeviceProfile(name, cores, 1 << 30, idle, busy, exact(0.0), ())


def topology(tail: Band | None = None, base: Band | None = None) -> Topology:
    nodes = (
        Node("camera-1", Tier.DEVICE, "pi", "camera"),
        Node("camera-2", Tier.DEVICE, "pi", "camera"),
        Node("edge", Tier.EDGE, "orin", "edge"),
        Node("cloud", Tier.CLOUD, "server", "cloud"),
    )
    state = LinkState(8.0)
    links = (
        Link("camera-1", "edge", state, state, "5g"),
        Link("edge", "camera-2", state, state, "5g"),
        Link("edge", "cloud", state, state),
    )
    profiles = {
        "pi": profile("pi", 4, Band(3.0, 2.5, 3.5), Band(7.0, 6.0, 8.0)),
        "orin": profile("orin", 1, exact(7.0), Band(17.0, 15.0, 19.0)),
        "server": profile("server", 10, exact(60.0), exact(160.0)),
    }
    radio = RadioProfile(
        "5g", Band(30.0, 20.0, 40.0), Band(15.0, 10.0, 20.0), base or Band(3.0, 2.0, 4.0), tail or Band(10.0, 5.0, 12.0)
    )
    return Topology("toy", nodes, links, profiles, {"5g": radio})


def rows(*given: Row, fallback: str = "") -> pd.DataFrame:
    fields = ("node", "queue_ns", "compute_ns", "network_ns", "sent_bytes", "received_bytes")
    table = []
    for sent_s, done_s, hops in given:
        entries = [dict(zip(fields, (h[0], *(round(t * 1e9) for t in h[1:4]), *h[4:]), strict=True)) for h in hops]
        times = {"sent_ns": round(sent_s * 1e9), "done_ns": round(done_s * 1e9)}
        table.append({**times, "fallback": fallback, "hops": entries})
    return pd.DataFrame(table, columns=["sent_ns", "done_ns", "fallback", "hops"])
