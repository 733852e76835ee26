"""What a deployment asks of Kubernetes: pure construction of objects.

Pods keep the ``restricted`` Pod Security Standard. Names are those of nodes and services, which are fit for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from telcoai.adapters.kubernetes import Object
from telcoai.orchestrator.runtimes import PORT
from telcoai.testbed.cluster import CORES, NODE_LABEL, TESTBED_LABEL

ROLE = "telcoai.dev/role"
RUNTIME, DRIVER, REPLICA = "runtime", "driver", "replica"
CONFIGS, TOKEN = "runtimes", "token"
"""Names of the ConfigMap with all runtimes' configurations, and of the Secret with the testbed's token."""

DRIVER_PORT = 8081
TOKEN_PATH = "/token/token"  # noqa: S105 - a path
CONFIG_PATH = "/config"
USER = 65532
MiB = 1024 * 1024
REPLICA_CORES = 1
"""Cores of the device that one replica takes where Kubernetes places it."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where objects go: testbed, namespace, image, and whether the image is on the nodes already.

    ``hosts``: the cluster's name of each of the testbed's nodes. ``counts_cores``: its nodes have telcoai's extended
    resource, which takes the right to change them.
    """

    testbed: str
    namespace: str
    image: str
    loaded: bool
    hosts: Mapping[str, str] = field(default_factory=dict)
    counts_cores: bool = True

    def labels(self, role: str, node: str = "") -> dict[str, str]:
        """Labels of an object."""
        own = {"app.kubernetes.io/managed-by": "telcoai", TESTBED_LABEL: self.testbed, ROLE: role}
        return own | ({NODE_LABEL: node} if node else {})

    def selector(self, *roles: str) -> str:
        """The label selector of what was made for the testbed, of some roles or of all."""
        some = f",{ROLE} in ({','.join(roles)})" if roles else f",{ROLE}"
        return f"{TESTBED_LABEL}={self.testbed}{some}"

    def path(self, collection: str, name: str = "") -> str:
        """Where objects of a collection lie in the API, or the one of that name."""
        group = {"deployments": "/apis/apps/v1", "jobs": "/apis/batch/v1"}.get(collection, "/api/v1")
        return f"{group}/namespaces/{self.namespace}/{collection}" + (f"/{name}" if name else "")

    def meta(self, name: str, role: str, node: str = "") -> Object:
        """Metadata of an object."""
        return {"name": name, "namespace": self.namespace, "labels": self.labels(role, node)}


def runtime_name(node: str) -> str:
    """Name of a node's Deployment and Service."""
    return f"runtime-{node}"


def secret(ground: Ground, token: str) -> Object:
    """The testbed's token."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": ground.meta(TOKEN, RUNTIME),
        "stringData": {"token": token},
    }


def config_map(ground: Ground, configs: Mapping[str, Mapping[str, Any]]) -> Object:
    """The configurations of all runtimes, a file a node."""
    data = {f"{node}.json": json.dumps(config, separators=(",", ":")) for node, config in configs.items()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": ground.meta(CONFIGS, RUNTIME), "data": data}


def service(ground: Ground, name: str, labels: Mapping[str, str]) -> Object:
    """A stable address for the pods with these labels."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": ground.meta(name, RUNTIME),
        "spec": {
            "selector": dict(labels),
            "ports": [{"name": "http", "port": PORT, "targetPort": PORT, "protocol": "TCP"}],
        },
    }


def runtime(ground: Ground, node: str, config_digest: str, memory_bytes: int) -> Object:
    """A node's runtime: one pod that stays on its node and is told all by its configuration."""
    labels = ground.labels(RUNTIME, node)
    spec = _pod([_serving(ground, f"{node}.json", memory_bytes)], [ground.hosts[node]])
    return _deployment(ground.meta(runtime_name(node), RUNTIME, node), labels, spec, 1, config_digest)


def replicas(ground: Ground, name: str, count: int, config_digest: str, memory_bytes: int) -> Object:
    """Runtimes that Kubernetes places where it likes; each becomes the runtime of the node where it is."""
    container = _serving(ground, f"{REPLICA}.$(NODE_NAME).json", memory_bytes)
    container["env"].append({"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}})
    for kind in ("requests", "limits") if ground.counts_cores else ():
        container["resources"][kind][CORES] = str(REPLICA_CORES)
    spec = _pod([container], list(ground.hosts.values()))
    return _deployment(ground.meta(name, REPLICA), ground.labels(REPLICA), spec, count, config_digest)


def driver(ground: Ground, run: str, node: str, most_s: float) -> Object:
    """The load driver of a device: a Job on its node, which waits to be told its load and keeps the rows for us."""
    container: Object = {
        "name": DRIVER,
        "image": ground.image,
        "imagePullPolicy": "Never" if ground.loaded else "IfNotPresent",
        "command": ["python3", "-m", "telcoai.load.pod"],
        "env": [{"name": "TELCOAI_TOKEN_FILE", "value": TOKEN_PATH}],
        "ports": [{"name": "http", "containerPort": DRIVER_PORT}],
        "readinessProbe": {"httpGet": {"path": "/v2/health/ready", "port": DRIVER_PORT}, "periodSeconds": 1},
        "resources": _resources(512 * MiB, "100m"),
        "securityContext": _locked(),
        "volumeMounts": [_mount("token", "/token"), {"name": "scratch", "mountPath": "/tmp"}],  # noqa: S108 - in the pod
    }
    spec = _pod([container], [ground.hosts[node]]) | {"restartPolicy": "Never"}
    labels = ground.labels(DRIVER, node) | {"telcoai.dev/run": run}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": ground.meta(f"driver-{run}-{node}"[:63].rstrip("-"), DRIVER, node),
        "spec": {
            "backoffLimit": 0,
            "ttlSecondsAfterFinished": 600,
            "activeDeadlineSeconds": int(most_s),
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def _deployment(meta: Object, labels: Mapping[str, str], spec: Object, count: int, digest: str) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": meta,
        "spec": {
            "replicas": count,
            "strategy": {"type": "Recreate"},
            "revisionHistoryLimit": 0,
            "selector": {"matchLabels": dict(labels)},
            "template": {
                "metadata": {"labels": dict(labels), "annotations": {"telcoai.dev/config": digest}},
                "spec": spec,
            },
        },
    }


def _serving(ground: Ground, config: str, memory_bytes: int) -> Object:
    probe = {"httpGet": {"path": "/v2/health/ready", "port": PORT}, "timeoutSeconds": 5}
    return {
        "name": RUNTIME,
        "image": ground.image,
        "imagePullPolicy": "Never" if ground.loaded else "IfNotPresent",
        "command": ["python3", "-m", "telcoai.serving", f"{CONFIG_PATH}/{config}"],
        "env": [],
        "ports": [{"name": "http", "containerPort": PORT}],
        "startupProbe": {**probe, "periodSeconds": 1, "failureThreshold": 60},
        "readinessProbe": {**probe, "periodSeconds": 10, "failureThreshold": 3},
        "livenessProbe": {
            **probe,
            "httpGet": {"path": "/v2/health/live", "port": PORT},
            "periodSeconds": 20,
            "failureThreshold": 3,
        },
        "resources": _resources(memory_bytes, "100m"),
        "securityContext": _locked(),
        "volumeMounts": [
            _mount("config", CONFIG_PATH),
            _mount("token", "/token"),
            {"name": "scratch", "mountPath": "/tmp"},  # noqa: S108 - in the pod
        ],
    }


def _pod(containers: list[Object], hosts: list[str]) -> Object:
    """A pod on one of these nodes of the cluster."""
    some = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [host]}]} for host in hosts]
    where = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": some}}
    return {
        "affinity": {"nodeAffinity": where},
        "tolerations": [{"key": "telcoai.dev/tier", "operator": "Exists"}],
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 2,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": containers,
        "volumes": [
            {"name": "config", "configMap": {"name": CONFIGS}},
            {"name": "token", "secret": {"secretName": TOKEN, "defaultMode": 0o440}},
            {"name": "scratch", "emptyDir": {}},
        ],
    }


def _resources(memory_bytes: int, cpu: str) -> Object:
    return {
        "requests": {"cpu": cpu, "memory": f"{min(memory_bytes, 128 * MiB)}"},
        "limits": {"memory": f"{memory_bytes}"},
    }


def _locked() -> Object:
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def _mount(name: str, path: str) -> Object:
    return {"name": name, "mountPath": path, "readOnly": True}
