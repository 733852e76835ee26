"""A testbed as written."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from telcoai.spec.cluster_form import ClusterSpec
from telcoai.spec.form import Document, Form, Name, Reference
from telcoai.spec.quantities import BitsPerSecond, Bytes, Joules, Milliseconds, Share

MOST_NODES = 10_000
MOST_LINKS = 40_000

Ends = Annotated[list[Name], Field(min_length=2, max_length=2)]


class BatteryForm(Form):
    """What a device lives on. All that it takes comes from it: idle, busy and radio."""

    capacity: Annotated[Joules, Field(gt=0)]
    charge: Annotated[Share, Field(gt=0, description="How full it is when a run begins.")] = 1.0


class NodeForm(Form):
    """One node, or ``count`` alike, named ``name-1`` to ``name-N``."""

    name: Name
    tier: Literal["device", "edge", "cloud"]
    profile: Reference = Field(description="Name of a device profile, or the path of its file.")
    count: Annotated[int, Field(ge=1, le=MOST_NODES)] = 1
    memory: Bytes | None = Field(
        None, description="What models may take of its memory, at most its profile's; all of that when left out."
    )
    battery: BatteryForm | None = Field(None, description="Of each device; it stops when its battery is empty.")
    domain: Name | None = Field(None, description="Who owns the node.")
    open_to: Annotated[list[Name], Field(max_length=100)] | None = Field(
        None, description="Other domains whose services may run here, [] for none; everybody's unless said."
    )


class Impairment(Form):
    """What a link, or one direction of it, does to packets. Left out: as the link, or as before."""

    delay: Milliseconds | None = Field(None, description="One way; a round trip takes twice as long.")
    jitter: Milliseconds | None = Field(None, description="Spread of the delay, at most the delay itself.")
    rate: BitsPerSecond | None = None
    loss: Share | None = Field(None, description="Share of packets lost.")
    reorder: Share | None = Field(None, description="Share of packets that overtake others.")
    queue: Bytes | None = Field(None, description="Bytes that wait before packets are dropped; 0: as the rate needs.")


class Directions(Impairment):
    """Both directions, and what one of them does differently. Up is from the first node named to the second."""

    up: Impairment | None = None
    down: Impairment | None = None


class LinkForm(Directions):
    """A link between two nodes, or between each member of a group and one node."""

    between: Ends
    radio: Reference | None = Field(None, description="Name of the device's radio profile, or the path of its file.")


class TestbedSpec(ClusterSpec):
    """Nodes, the links between them, and what they are made on."""

    extends: Reference | None = Field(None, description="Another testbed that this one changes and adds to.")
    hosts: Literal["virtual", "docker", "ssh", "existing"] | None = Field(
        None,
        description="Where nodes are: made here, with Docker or without; over SSH; or in a cluster already.",
    )
    platform: Literal["process", "k3s", "kind", "kubeconfig"] | None = Field(
        None, description="What runs workloads: plain processes, or a Kubernetes cluster."
    )
    mtu: Annotated[int, Field(ge=576, le=65535)] | None = None
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] | None = Field(
        None, description="Of jitter and loss; 0 unless said."
    )
    nodes: Annotated[list[NodeForm], Field(max_length=MOST_NODES)] = Field(default_factory=list)
    links: Annotated[list[LinkForm], Field(max_length=MOST_LINKS)] = Field(default_factory=list)


class TestbedDocument(Document):
    """A testbed's file."""

    kind: Literal["Testbed"]
    spec: TestbedSpec
