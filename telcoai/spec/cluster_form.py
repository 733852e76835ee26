"""The keys of a testbed on Kubernetes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from telcoai.spec.form import Form, Name

Subnet = Annotated[str, Field(pattern=r"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$")]
FilePath = Annotated[str, Field(min_length=1, max_length=4096)]
Image = Annotated[str, Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._/:@-]{0,254}$")]
Version = Annotated[str, Field(pattern=r"^v[0-9]+\.[0-9]+\.[0-9]+(-[a-z0-9]+)?\+k3s[0-9]+$")]
Selector = Annotated[str, Field(min_length=1, max_length=1000)]
Part = Literal["traefik", "servicelb", "metrics-server", "local-storage"]


class NetworkForm(Form):
    """What makes the links between nodes of a cluster."""

    backend: Literal["auto", "userspace", "netem"] = Field("auto", description="auto: netem where the kernel has it.")


class ControlPlaneForm(Form):
    """Where the control plane runs."""

    on: Name | None = Field(None, description="A node of the testbed; left out: a node of its own.")
    inBand: bool = Field(False, description="Reached over the testbed's links too.")  # noqa: N815


class K3sForm(Form):
    """Where k3s comes from and what is in it."""

    version: Version | None = Field(None, description="Like v1.33.1+k3s1; TELCOAI_K3S's own when that is set.")
    source: Literal["release", "file"] | None = Field(None, description="release: downloaded and checked.")
    path: FilePath | None = Field(None, description="The binary, for source: file.")
    airgapImages: list[FilePath] = Field(default_factory=list)  # noqa: N815
    cni: Literal["flannel-vxlan", "flannel-host-gw", "bridge"] | None = None
    enable: list[Part] = Field(default_factory=list, description="Parts that are off unless named.")


class KindForm(Form):
    """How kind makes the cluster."""

    image: Image | None = Field(None, description="Node image; TELCOAI_KIND_IMAGE names one too.")
    patches: list[Annotated[str, Field(min_length=1)]] = Field(default_factory=list, description="For kubeadm.")


class KubeconfigForm(Form):
    """A cluster that is there already."""

    path: FilePath | None = Field(None, description="The kubeconfig; left out: KUBECONFIG, or ~/.kube/config.")
    context: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    namespace: Name = "telcoai"
    tiers: dict[Literal["device", "edge", "cloud"], Selector] = Field(
        default_factory=dict, description="Label selector of each tier's nodes; telcoai.dev/tier=TIER unless said."
    )


class RuntimeForm(Form):
    """The image of the node runtime."""

    image: Image | None = Field(None, description="One that the nodes can pull; left out: built here and loaded.")
    base: Image | None = Field(None, description="What the image is built on; it must have python3.")


class MachineForm(Form):
    """The image of the machines of hosts: docker."""

    base: Image | None = Field(None, description="What the image is built on: a Debian or Ubuntu.")


class ClusterSpec(Form):
    """Keys of ``spec`` that only testbeds on Kubernetes have."""

    network: NetworkForm | None = None
    controlPlane: ControlPlaneForm | None = None  # noqa: N815
    k3s: K3sForm | None = None
    kind: KindForm | None = None
    kubeconfig: KubeconfigForm | None = None
    runtime: RuntimeForm | None = None
    machine: MachineForm | None = None
    inventory: FilePath | None = Field(None, description="Ansible inventory of the machines, for hosts: ssh.")
    podSubnet: Subnet | None = None  # noqa: N815
    serviceSubnet: Subnet | None = None  # noqa: N815
    apiPort: Annotated[int, Field(ge=0, le=65535)] | None = Field(  # noqa: N815
        None, description="Loopback port of the API; 0: a free one."
    )
