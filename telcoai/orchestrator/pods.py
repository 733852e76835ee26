"""Pods of a deployment: asked through the API, waited for, and removed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from telcoai.adapters.kubernetes import ApiRefused, Kubernetes, Object
from telcoai.errors import NodeError, TestbedError
from telcoai.orchestrator import manifests
from telcoai.orchestrator.manifests import Ground
from telcoai.orchestrator.runtimes import PORT
from telcoai.testbed.cluster import NODE_LABEL, RunningCluster

POLL_S = 0.25
_LOG_LINES = 5
_EVENTS = 3
_HOPELESS = ("ErrImageNeverPull", "InvalidImageName", "CreateContainerConfigError", "CreateContainerError")
_FAILING = ("CrashLoopBackOff", "ErrImagePull", "ImagePullBackOff")


@dataclass(frozen=True)
class PodDoor:
    """The way to control interfaces through the API: of a node's runtime, by its Service."""

    kubernetes: Kubernetes
    namespace: str
    token: str

    def ask(self, node: str, method: str, target: str, body: object) -> Any:
        """The decoded reply of the node's runtime, None when it is empty. NodeError when there is none."""
        place = f"/api/v1/namespaces/{self.namespace}/services/{manifests.runtime_name(node)}:{PORT}"
        return self.ask_at(place, node, method, target, body)

    def ask_at(self, place: str, name: str, method: str, target: str, body: object) -> Any:
        """As ``ask``, at a place in the API; ``name`` is for the error."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"telcoai-token": self.token, "content-type": "application/json"}
        try:
            status, raw = self.kubernetes.through(place, method, target, body=data, headers=headers)
        except TestbedError as err:
            raise NodeError(f"{method} {target} at {name}: {err.message}", err.hint) from err
        if status // 100 != 2:
            raise NodeError(f"{method} {target} at {name}: {status} {raw.decode(errors='replace')[:500]}")
        return json.loads(raw) if raw else None

    def pod_place(self, pod: str, port: int = PORT) -> str:
        """Where a pod is in the API."""
        return f"/api/v1/namespaces/{self.namespace}/pods/{pod}:{port}"


def node_of(pod: Object) -> str:
    """The testbed's node that a pod was made for."""
    return str(pod["metadata"]["labels"].get(NODE_LABEL, ""))


def is_running(pod: Object) -> bool:
    """Whether a pod is ready, and not about to end."""
    conditions = pod.get("status", {}).get("conditions", [])
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]


def restarts(pod: Object) -> int:
    """How often its containers were started again."""
    return sum(int(one.get("restartCount", 0)) for one in pod.get("status", {}).get("containerStatuses", []))


@dataclass(frozen=True)
class Pods:
    """Pods of a testbed's deployment with some role."""

    kubernetes: Kubernetes
    ground: Ground

    def now(self, role: str, also: str = "") -> list[Object]:
        """Those that there are."""
        selector = self.ground.selector(role) + (f",{also}" if also else "")
        return self.kubernetes.items(self.ground.path("pods"), selector)

    def wait(
        self, role: str, done: Callable[[list[Object]], bool], what: str, timeout_s: float, also: str = ""
    ) -> list[Object]:
        """Those of a role once ``done`` says so. NodeError with events and last log lines of one that isn't ready."""
        deadline = time.monotonic() + timeout_s
        while True:
            pods = self.now(role, also)
            if done(pods):
                return pods
            for pod in pods:
                self._refuse_hopeless(pod)
            if time.monotonic() > deadline:
                late = [pod for pod in pods if not is_running(pod)]
                told = self.explain(late[0]) if late else "there is no such pod"
                raise NodeError(f"{what} not ready within {timeout_s:g} s: {told}")
            time.sleep(POLL_S)

    def wait_gone(self, selector: str, timeout_s: float) -> None:
        """Return when no pod has these labels any more. TestbedError names those that stay."""
        deadline = time.monotonic() + timeout_s
        while pods := self.kubernetes.items(self.ground.path("pods"), selector):
            if time.monotonic() > deadline:
                names = ", ".join(pod["metadata"]["name"] for pod in pods[:5])
                raise TestbedError(f"pods don't end within {timeout_s:g} s: {names}", "is their node down?")
            time.sleep(POLL_S)

    def _refuse_hopeless(self, pod: Object) -> None:
        for one in pod.get("status", {}).get("containerStatuses", []):
            reason = one.get("state", {}).get("waiting", {}).get("reason", "")
            if reason in _HOPELESS or (reason in _FAILING and int(one.get("restartCount", 0)) >= 1):
                raise NodeError(
                    f"{_place(pod)}: {reason}: {self.explain(pod)}", "telcoai logs NODE shows all of its log"
                )

    def explain(self, pod: Object) -> str:
        """A pod's state, last events and last log lines, in one line."""
        name = pod["metadata"]["name"]
        states = [
            f"{key} {value.get('reason', '')} {value.get('message', '')}".strip()
            for one in pod.get("status", {}).get("containerStatuses", [])
            for key, value in one.get("state", {}).items()
        ]
        states += [
            one.get("message", "")
            for one in pod.get("status", {}).get("conditions", [])
            if one["status"] == "False" and one.get("message")
        ]
        parts = [f"pod {name} is {pod.get('status', {}).get('phase', 'unknown')}", *dict.fromkeys(states)]
        return "; ".join([*parts, *self._events(name), *self._last_lines(name)])

    def _events(self, name: str) -> list[str]:
        query = f"?fieldSelector=involvedObject.name={name}"
        try:
            events = self.kubernetes.items(self.ground.path("events") + query)
        except ApiRefused:
            return []
        return [f"{one.get('reason')}: {one.get('message')}" for one in events[-_EVENTS:]]

    def _last_lines(self, name: str) -> list[str]:
        lines = self.log(name, f"tailLines={_LOG_LINES}").strip().splitlines()
        return [f"log: {' | '.join(lines)}"] if lines else []

    def log(self, name: str, query: str) -> str:
        """A pod's log, "" when it has none."""
        try:
            text = self.kubernetes.text(f"{self.ground.path('pods', name)}/log?{query}")
        except TestbedError:
            return ""
        return "" if text.startswith('{"kind":"Status"') else text


def _place(pod: Object) -> str:
    return f"{pod['metadata']['labels'].get(manifests.ROLE, 'pod')} on {node_of(pod) or 'some node'}"


def ready_on(nodes: Iterable[str]) -> Callable[[list[Object]], bool]:
    """Whether every one of the nodes has a pod that is ready."""
    wanted = set(nodes)
    return lambda pods: wanted <= {node_of(pod) for pod in pods if is_running(pod)}


def remove(kubernetes: Kubernetes, ground: Ground, *roles: str) -> int:
    """Remove all that was made for a testbed's deployment, of some roles or of all; how many pods there were."""
    selector = ground.selector(*roles)
    count = len(kubernetes.items(ground.path("pods"), selector))
    for kind in ("deployments", "jobs"):
        kubernetes.delete(ground.path(kind), selector=selector)
    kubernetes.delete(ground.path("pods"), selector=selector, grace_s=1)
    for kind in ("services", "configmaps", "secrets"):
        for one in kubernetes.items(ground.path(kind), selector):
            kubernetes.delete(ground.path(kind, one["metadata"]["name"]))
    return count


def remove_everything(cluster: RunningCluster, testbed: str) -> int:
    """Remove every runtime and driver of a testbed from its cluster; how many there were."""
    return remove(cluster.kubernetes, Ground(testbed, cluster.namespace, "", True))


def by_node(pods: Iterable[Object]) -> Mapping[str, Object]:
    """Ready pods by the testbed's node that they were made for."""
    return {node_of(pod): pod for pod in pods if is_running(pod)}
