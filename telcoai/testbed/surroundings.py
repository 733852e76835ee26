"""What a machine's environment says over a testbed's file: images and binaries at hand there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from telcoai.model.topology import Topology

K3S, KIND_IMAGE = "TELCOAI_K3S", "TELCOAI_KIND_IMAGE"
MACHINE_BASE, PYTHON_BASE = "TELCOAI_MACHINE_BASE", "TELCOAI_PYTHON_BASE"


def in_surroundings(topology: Topology, environment: Mapping[str, str]) -> Topology:
    """The testbed with the k3s binary, node image and bases of images that the environment names.

    What the testbed's file names itself stays, but for the k3s binary and kind's image: those are the variables' very
    purpose.
    """
    cluster = topology.cluster
    if cluster is None:
        return topology
    k3s, kind = cluster.k3s, cluster.kind
    if k3s is not None and (path := environment.get(K3S)):
        k3s = replace(k3s, source="file", path=Path(path).absolute())
    if kind is not None and (image := environment.get(KIND_IMAGE)):
        kind = replace(kind, image=image)
    changed = replace(
        cluster,
        k3s=k3s,
        kind=kind,
        machine_base=cluster.machine_base or environment.get(MACHINE_BASE, ""),
        runtime_base=cluster.runtime_base or environment.get(PYTHON_BASE, ""),
    )
    return replace(topology, cluster=changed)
