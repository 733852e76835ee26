"""From a testbed's keys to the cluster under it, and what contradicts what."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from telcoai.model.cluster import Cluster, ControlPlane, Existing, K3s, Kind
from telcoai.spec.cluster_form import ClusterSpec, K3sForm, KindForm, KubeconfigForm

K3S_VERSION = "v1.33.1+k3s1"
KIND_IMAGE = "kindest/node:v1.37.0@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5"

KEYS = tuple(ClusterSpec.model_fields)
PLATFORMS = {
    "process": ("virtual",),
    "kind": ("docker",),
    "k3s": ("docker", "ssh"),
    "kubeconfig": ("existing",),
}
"""Hosts that each platform runs on, the usual one first."""

_OWNERS = {
    "k3s": ("k3s",),
    "kind": ("kind",),
    "kubeconfig": ("kubeconfig",),
    "machine": ("k3s",),
    "inventory": ("k3s",),
    "apiPort": ("kind", "k3s"),
    "podSubnet": ("kind", "k3s"),
    "serviceSubnet": ("kind", "k3s"),
    "controlPlane": ("kind", "k3s"),
}
"""Platforms that a key belongs to; the others belong to every cluster."""

Report = Callable[..., None]
"""Notes what is wrong, and the keys under ``spec`` where it stands."""


def platform_and_hosts(hosts: str | None, platform: str | None, report: Report) -> tuple[str, str]:
    """Both, with what isn't said filled in; a pair that doesn't go together is reported."""
    if platform is None:
        platform = {"docker": "k3s", "ssh": "k3s", "existing": "kubeconfig"}.get(hosts or "virtual", "process")
    fitting = PLATFORMS[platform]
    if hosts is None:
        return platform, fitting[0]
    if hosts not in fitting:
        report(f"platform {platform} needs hosts: {' or '.join(fitting)}", "hosts")
    return platform, hosts


@dataclass(frozen=True, slots=True)
class Place:
    """Where a testbed's keys stand: ``folder`` of its file, ``platform`` and ``hosts``, and how problems are noted."""

    folder: Path
    platform: str
    hosts: str
    report: Report

    def file(self, written: str | None) -> Path | None:
        """A path as written, from the file's folder."""
        return self.folder / Path(written).expanduser() if written else None


def cluster(spec: ClusterSpec, nodes: Iterable[str], place: Place) -> Cluster | None:
    """The cluster of a testbed, None for one without; what contradicts is reported."""
    platform, report = place.platform, place.report
    _check_keys(spec, platform, report)
    if platform == "process":
        return None
    known = list(nodes)
    subnets = _subnets(spec, report)
    return Cluster(
        control_plane=_control_plane(spec, known, report),
        pod_subnet=subnets[0],
        service_subnet=subnets[1],
        api_port=spec.apiPort or 0,
        backend=spec.network.backend if spec.network else "auto",
        image=(spec.runtime.image if spec.runtime else None) or "",
        machine_base=(spec.machine.base if spec.machine else None) or "",
        runtime_base=(spec.runtime.base if spec.runtime else None) or "",
        inventory=_inventory(spec, place),
        k3s=_k3s(spec.k3s or K3sForm.model_validate({}), place) if platform == "k3s" else None,
        kind=_kind(spec.kind or KindForm.model_validate({})) if platform == "kind" else None,
        existing=_existing(spec.kubeconfig or KubeconfigForm.model_validate({}), place)
        if platform == "kubeconfig"
        else None,
    )


def _check_keys(spec: ClusterSpec, platform: str, report: Report) -> None:
    for key in KEYS:
        if key not in spec.model_fields_set or getattr(spec, key) is None:
            continue
        owners = _OWNERS.get(key, ("kind", "k3s", "kubeconfig"))
        if platform not in owners:
            report(f"{key} belongs to platform {' or '.join(owners)}, and this one is {platform}", key)


def _control_plane(spec: ClusterSpec, nodes: list[str], report: Report) -> ControlPlane:
    if spec.controlPlane is None:
        return ControlPlane()
    on = spec.controlPlane.on or ""
    if on and on not in nodes:
        report(f"there is no node {on!r} (allowed: {', '.join(nodes[:20])})", "controlPlane", "on")
    if spec.controlPlane.inBand and not on:
        report("in band means over the testbed's links: say on which node the control plane is", "controlPlane")
    if on and not spec.controlPlane.inBand:
        report(f"a control plane on {on} is reached over the testbed's links: say inBand: true", "controlPlane", "on")
    return ControlPlane(on, spec.controlPlane.inBand)


def _subnets(spec: ClusterSpec, report: Report) -> tuple[str, str]:
    pods, services = spec.podSubnet or "10.244.0.0/16", spec.serviceSubnet or "10.96.0.0/16"
    parsed = []
    for key, text in (("podSubnet", pods), ("serviceSubnet", services)):
        try:
            parsed.append(ipaddress.IPv4Network(text))
        except ValueError as err:
            report(f"{text!r} is no IPv4 subnet: {err}", key)
    if len(parsed) == 2 and parsed[0].overlaps(parsed[1]):
        report(f"{pods} and {services} overlap", "serviceSubnet")
    return pods, services


def _inventory(spec: ClusterSpec, place: Place) -> Path | None:
    if place.hosts == "ssh" and spec.inventory is None:
        place.report("hosts: ssh needs the inventory of the machines (key inventory)", "hosts")
    if place.hosts != "ssh" and spec.inventory is not None:
        place.report("an inventory belongs to hosts: ssh", "inventory")
    return place.file(spec.inventory)


def _k3s(form: K3sForm, place: Place) -> K3s:
    source = form.source or ("file" if form.path else "release")
    if source == "release" and form.path:
        place.report("a release is downloaded; path belongs to source: file", "k3s", "path")
    return K3s(
        version=form.version or K3S_VERSION,
        source=source,
        path=place.file(form.path),
        airgap_images=tuple(place.folder / Path(one).expanduser() for one in form.airgapImages),
        cni=form.cni or "flannel-host-gw",
        enabled=tuple(form.enable),
    )


def _kind(form: KindForm) -> Kind:
    return Kind(form.image or KIND_IMAGE, tuple(form.patches))


def _existing(form: KubeconfigForm, place: Place) -> Existing:
    tiers: dict[str, str] = {tier: f"telcoai.dev/tier={tier}" for tier in ("device", "edge", "cloud")}
    return Existing(place.file(form.path), form.context or "", form.namespace, tiers | dict(form.tiers.items()))
