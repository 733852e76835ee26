"""Nodes, links and device profiles of a resolved testbed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from telcoai.model.cluster import Cluster


class Tier(StrEnum):
    """Where a node stands in the continuum."""

    DEVICE = "device"
    EDGE = "edge"
    CLOUD = "cloud"


@dataclass(frozen=True, slots=True)
class Band:
    """A figure with the range in which sources put it: ``low <= value <= high``."""

    value: float
    low: float
    high: float
    source: str = ""


@dataclass(frozen=True, slots=True)
class Speed:
    """Effective compute of ONE core of a profile at one precision.

    ``gflops``: 1e9 floating-point (or integer) operations per second, 2 per multiply-add.
    ``family``: the workload family it was published for, or "" for any.
    """

    precision: str
    gflops: Band
    family: str = ""


@dataclass(frozen=True, slots=True)
class DeviceProfile:
    """What a node is made of. ``cores`` are the units that run one stage each (a GPU counts as one).

    ``power_idle_w``/``power_busy_w``: the whole device with no core, and with every core, busy.
    ``overhead_s``: fixed time per stage call on top of FLOPs / speed.
    ``stage_s``: measured times per (variant, stage), which beat any estimate.
    ``jpeg_decode_mpx_s``: megapixels per second that one core decodes from JPEG, None when not known.
    ``load_bytes_per_s``, ``load_session_s``: how fast its storage is read, and the time to make a model's stage ready
    once it is read; None when loading isn't known to take time.
    ``batch_shared``: share in [0, 1) of a stage's time beyond the overhead that a batch takes only once; None when not
    known, which counts as none.
    """

    name: str
    cores: int
    memory_bytes: int
    power_idle_w: Band
    power_busy_w: Band
    overhead_s: Band
    speeds: tuple[Speed, ...]
    stage_s: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    jpeg_decode_mpx_s: Band | None = None
    load_bytes_per_s: Band | None = None
    load_session_s: Band | None = None
    batch_shared: Band | None = None


@dataclass(frozen=True, slots=True)
class RadioProfile:
    """Energy of a device's radio.

    ``up_nj_per_bit``/``down_nj_per_bit``: slope, nanojoule per bit sent or received by the device.
    ``base_w``: power while connected. ``tail_s``: how long it stays connected after the last byte.
    """

    name: str
    up_nj_per_bit: Band
    down_nj_per_bit: Band
    base_w: Band
    tail_s: Band


@dataclass(frozen=True, slots=True)
class Battery:
    """What a node lives on, in joules: all that it holds, and what is in it when a run begins."""

    capacity_j: float
    charge_j: float


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a resolved testbed (``count`` is already expanded: camera-1 … camera-4).

    ``memory_bytes``: what models may take of its memory, 0 for all that its profile has.
    """

    name: str
    tier: Tier
    profile: str
    group: str
    """The name it was written under (``camera`` for ``camera-1``)."""
    memory_bytes: int = 0
    domain: str = ""
    """Who owns it; "" when nobody is named."""
    open_to: tuple[str, ...] | None = None
    """Other domains whose services may run here; None: everybody's may."""
    battery: Battery | None = None

    def admits(self, domain: str) -> bool:
        """Whether services of a domain ("" for those without one) may run here."""
        return self.open_to is None or domain == self.domain or domain in self.open_to


@dataclass(frozen=True, slots=True)
class LinkState:
    """One direction of a link. ``loss`` and ``reorder`` are shares in [0, 1]; ``queue_bytes`` 0 = default."""

    delay_ms: float
    jitter_ms: float = 0.0
    rate_bps: float = 1e9
    loss: float = 0.0
    reorder: float = 0.0
    queue_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """A link between two nodes; ``up`` is the direction a → b, ``down`` is b → a."""

    a: str
    b: str
    up: LinkState
    down: LinkState
    radio: str = ""

    @property
    def name(self) -> str:
        """``a--b``, unique in a testbed."""
        return f"{self.a}--{self.b}"


@dataclass(frozen=True)
class Topology:
    """A resolved testbed: what exists, before anything is started."""

    name: str
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    profiles: Mapping[str, DeviceProfile]
    radios: Mapping[str, RadioProfile]
    hosts: str = "virtual"
    platform: str = "process"
    mtu: int = 1500
    seed: int = 0
    cluster: Cluster | None = None

    @property
    def is_paced(self) -> bool:
        """Whether nodes are emulated, so that compute is paced to their profiles; machines of one's own are not."""
        return self.platform != "kubeconfig" and self.hosts != "ssh"

    def node(self, name: str) -> Node:
        """The node of that name; KeyError when there is none."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)

    def profile_of(self, name: str) -> DeviceProfile:
        """The device profile of the node ``name``."""
        return self.profiles[self.node(name).profile]

    def tier(self, tier: Tier) -> tuple[Node, ...]:
        """The nodes of a tier, in file order."""
        return tuple(n for n in self.nodes if n.tier == tier)
