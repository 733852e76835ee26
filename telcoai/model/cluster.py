"""What a testbed on Kubernetes is made of, beside its nodes and links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

CONTROL_PLANE = "control-plane"
"""Name of the control plane's node when it is one of its own."""


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """Where the control plane runs: on the topology's node ``on``, or on a node of its own when that is empty.

    ``in_band``: the control plane is reached over the testbed's links, as a bad radio would have it.
    """

    on: str = ""
    in_band: bool = False

    @property
    def node(self) -> str:
        """The node that runs it."""
        return self.on or CONTROL_PLANE


@dataclass(frozen=True, slots=True)
class K3s:
    """Where k3s comes from. ``source``: ``release`` (downloaded, checked against the published sha256) or ``file``.

    ``path``: the binary at hand; ``airgap_images``: archives put into k3s's image folder. ``cni``: ``flannel-vxlan``,
    ``flannel-host-gw``, or ``bridge`` with routes. ``enabled``: parts that are off unless named here.
    """

    version: str
    source: str = "release"
    path: Path | None = None
    airgap_images: tuple[Path, ...] = ()
    cni: str = "flannel-host-gw"
    enabled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """How kind makes the cluster: node image (by digest), and patches for kubeadm where a host needs them."""

    image: str
    patches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Existing:
    """A cluster of the user's: kubeconfig (None: the usual one), context, namespace, and label selectors of tiers."""

    kubeconfig: Path | None = None
    context: str = ""
    namespace: str = "telcoai"
    selectors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cluster:
    """The cluster under a testbed; of ``k3s``, ``kind`` and ``existing`` that is set which the platform names.

    ``backend``: ``auto``, ``userspace`` or ``netem``. ``image``: the runtime's image, "" to build it.
    ``machine_base`` and ``runtime_base``: bases of the images that are built. ``inventory``: Ansible inventory of SSH
    machines. ``api_port``: loopback port of the API, 0 for a free one.
    """

    control_plane: ControlPlane = field(default_factory=ControlPlane)
    pod_subnet: str = "10.244.0.0/16"
    service_subnet: str = "10.96.0.0/16"
    api_port: int = 0
    backend: str = "auto"
    image: str = ""
    machine_base: str = ""
    runtime_base: str = ""
    inventory: Path | None = None
    k3s: K3s | None = None
    kind: Kind | None = None
    existing: Existing | None = None
