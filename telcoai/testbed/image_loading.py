"""The runtime's image into the nodes' containerd: nodes pull from nowhere."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from telcoai.adapters.engine import CommandFailed, Engine
from telcoai.errors import NodeError
from telcoai.testbed.image_archive import RuntimeImage

AT_ONCE = 4
LOAD_S = 300
_DISK_FULL = re.compile(r"no space left on device|disk quota exceeded", re.I)


@dataclass(frozen=True, slots=True)
class Client:
    """How containerd's client is called in a node, and what prints containerd's configuration there."""

    ctr: tuple[str, ...]
    config: tuple[str, ...]


KIND = Client(("ctr", "-n", "k8s.io"), ("containerd", "config", "dump"))
K3S = Client(("k3s", "ctr", "-n", "k8s.io"), ("cat", "/var/lib/rancher/k3s/agent/etc/containerd/config.toml"))


def load(engine: Engine, image: RuntimeImage, nodes: Sequence[str], client: Client = KIND) -> list[str]:
    """Put the image into nodes, which are containers of the engine; those that got it, as others had it already.

    NodeError names the node that can't take it.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        loaded = list(pool.map(lambda node: _load(engine, image, node, client), nodes))
    return [node for node, is_new in zip(nodes, loaded, strict=True) if is_new]


def _load(engine: Engine, image: RuntimeImage, node: str, client: Client) -> bool:
    try:
        if _has(engine, image, node, client):
            return False
        snapshotter = _snapshotter(engine.exec_(node, client.config))
        argv = [*client.ctr, "images", "import", "--snapshotter", snapshotter, "-"]
        engine.exec_(node, argv, image.archive, LOAD_S)
        if not _has(engine, image, node, client):
            raise NodeError(f"{node}: containerd took the image {image.tag} and does not have it")
    except CommandFailed as err:
        raise _failure(node, image, err) from err
    return True


def _has(engine: Engine, image: RuntimeImage, node: str, client: Client) -> bool:
    """Whether the node has this very image, whole: the name alone may be left of an import that broke off."""
    said = engine.exec_(node, [*client.ctr, "images", "check", f"name=={image.tag}"])
    return any(image.tag in line and image.manifest in line and " complete " in line for line in said.splitlines())


def _snapshotter(config: str) -> str:
    """Where Kubernetes' side of containerd keeps unpacked layers: unpacked elsewhere, they would be so twice."""
    plugins: dict[str, Any] = tomllib.loads(config).get("plugins", {})
    old = plugins.get("io.containerd.grpc.v1.cri", {}).get("containerd", {})
    new = plugins.get("io.containerd.cri.v1.images", {})
    return str(new.get("snapshotter") or old.get("snapshotter") or "overlayfs")


def _failure(node: str, image: RuntimeImage, err: CommandFailed) -> NodeError:
    if _DISK_FULL.search(err.stderr):
        size = image.archive.stat().st_size / 1e6
        hint = f"each node needs about {2 * size:.0f} MB for it, on the disk where the engine keeps its data"
        return NodeError(f"{node}: disk full while the runtime's image was loaded", hint)
    return NodeError(f"{node}: the runtime's image can't be loaded: {err.message}", err.hint)
