"""The testbed of a run, back from the plain values of run.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telcoai.model.topology import (
    Band,
    Battery,
    DeviceProfile,
    Link,
    LinkState,
    Node,
    RadioProfile,
    Speed,
    Tier,
    Topology,
)

Plain = Mapping[str, Any]


def topology_from(plain: Plain) -> Topology | None:
    """The topology, None when run.json was written in another form than this version's."""
    try:
        return Topology(
            name=plain["name"],
            nodes=tuple(_node(one) for one in plain["nodes"]),
            links=tuple(
                Link(one["a"], one["b"], LinkState(**one["up"]), LinkState(**one["down"]), one["radio"])
                for one in plain["links"]
            ),
            profiles={name: _profile(one) for name, one in plain["profiles"].items()},
            radios={name: _radio(one) for name, one in plain["radios"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _node(plain: Plain) -> Node:
    open_to = plain.get("open_to")
    owned = plain.get("domain", ""), None if open_to is None else tuple(open_to)
    battery = Battery(**plain["battery"]) if plain.get("battery") else None
    memory = plain.get("memory_bytes", 0)
    return Node(plain["name"], Tier(plain["tier"]), plain["profile"], plain["group"], memory, *owned, battery)


def _profile(plain: Plain) -> DeviceProfile:
    return DeviceProfile(
        name=plain["name"],
        cores=plain["cores"],
        memory_bytes=plain["memory_bytes"],
        power_idle_w=Band(**plain["power_idle_w"]),
        power_busy_w=Band(**plain["power_busy_w"]),
        overhead_s=Band(**plain["overhead_s"]),
        speeds=tuple(Speed(one["precision"], Band(**one["gflops"]), one["family"]) for one in plain["speeds"]),
        stage_s={name: tuple(times) for name, times in plain["stage_s"].items()},
        jpeg_decode_mpx_s=Band(**plain["jpeg_decode_mpx_s"]) if plain.get("jpeg_decode_mpx_s") else None,
        batch_shared=Band(**plain["batch_shared"]) if plain.get("batch_shared") else None,
    )


def _radio(plain: Plain) -> RadioProfile:
    bands = ("up_nj_per_bit", "down_nj_per_bit", "base_w", "tail_s")
    return RadioProfile(plain["name"], *(Band(**plain[name]) for name in bands))
