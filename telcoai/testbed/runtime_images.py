"""The runtime's image on the nodes of a testbed: built and loaded, or one that the nodes have or can pull."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from telcoai.adapters.ansible import run_playbook
from telcoai.errors import InputError
from telcoai.model.workload import WorkloadInfo
from telcoai.testbed.image_loading import K3S, KIND, load
from telcoai.testbed.inventory import inventory
from telcoai.testbed.running import Testbed
from telcoai.testbed.runtime_image import WORKLOADS, build

LOAD_S = 900.0
"""How long an image may take to reach machines over SSH."""

DEFAULT_BASE = "python:{version}-slim-bookworm"


@dataclass(frozen=True)
class NodeImage:
    """An image's tag, where it has the workloads' files, and whether it was put on the nodes."""

    tag: str
    loaded: bool
    places: Mapping[Path, Path] = field(default_factory=dict)


def image_of(testbed: Testbed, workloads: Iterable[WorkloadInfo]) -> NodeImage:
    """The image that serves these workloads on a testbed; it is on its nodes then, unless they pull it."""
    cluster = testbed.topology.cluster
    running = testbed.cluster
    if cluster is None or running is None:
        raise ValueError("not a cluster")
    files = workload_files(workloads)
    places = {path: Path(WORKLOADS, name) for name, path in files.items()}
    if cluster.image:
        return NodeImage(cluster.image, False, places)
    if testbed.topology.platform == "kubeconfig":
        raise InputError(
            "no image is put on the nodes of a cluster that is there already",
            "push one that they can pull, and name it: runtime: {image: registry/name:tag}",
        )
    image = build(running.engine, cache_folder(os.environ), cluster.runtime_base or default_base(), files)
    if testbed.topology.hosts == "ssh":
        made = inventory(testbed.topology, testbed.folder, os.environ)
        variables = {"telcoai_image_archive": str(image.archive), "telcoai_image_name": image.tag}
        run_playbook("image.yml", made, variables, step=lambda _: None, timeout_s=LOAD_S)
        return NodeImage(image.tag, True, places)
    client = K3S if testbed.topology.platform == "k3s" else KIND
    load(running.engine, image, [one.container for one in running.members if one.container], client)
    return NodeImage(image.tag, True, places)


def workload_files(workloads: Iterable[WorkloadInfo]) -> dict[str, Path]:
    """All files of workloads by their path in the image: ``<workload>/<file>``."""
    found: dict[str, Path] = {}
    for one in workloads:
        paths = [stage.path for variant in one.variants for stage in variant.stages]
        paths += [one.samples_path, one.replay_path]
        for path in dict.fromkeys(paths):
            name = f"{one.name}/{path.name}"
            while name in found and found[name] != path:
                name = f"{name}_"
            found[name] = path
    return found


def default_base() -> str:
    """What the image is built on unless a testbed says: the interpreter's version, as on this side."""
    return DEFAULT_BASE.format(version=f"{sys.version_info.major}.{sys.version_info.minor}")


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where built images are kept: ``$TELCOAI_CACHE``, else ``$XDG_CACHE_HOME/telcoai``, else ``~/.cache/telcoai``."""
    if given := environment.get("TELCOAI_CACHE"):
        return Path(given).absolute() / "images"
    base = environment.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "telcoai" / "images"
