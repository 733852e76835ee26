"""The rights that telcoai needs on a cluster: in one namespace, and to read nodes."""

from __future__ import annotations

from typing import Any

_READ, _CHANGE = ("get", "list"), ("create", "patch", "delete", "deletecollection")

NAMESPACED: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("", ("services", "configmaps", "secrets", "pods"), (*_READ, *_CHANGE)),
    ("", ("services/proxy", "pods/proxy"), ("get", "create", "update")),
    ("", ("pods/log", "events"), _READ),
    ("apps", ("deployments",), (*_READ, *_CHANGE)),
    ("batch", ("jobs",), (*_READ, *_CHANGE)),
)
"""API group, resources and verbs that are needed in the namespace."""

CLUSTER: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("", ("nodes",), _READ),
    ("", ("nodes/proxy", "nodes/stats"), ("get",)),
)
"""Needed for the whole cluster: which nodes there are, and what their kubelets count."""


def objects(namespace: str, account: str) -> list[dict[str, Any]]:
    """Objects that give ``account`` in ``namespace`` the rights, and nothing more."""
    rbac, subject = "rbac.authorization.k8s.io", {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    level = {"pod-security.kubernetes.io/enforce": "restricted"}

    def made(kind: str, name: str, **fields: Any) -> dict[str, Any]:
        meta = {"name": name} if kind.startswith("Cluster") else {"name": name, "namespace": namespace}
        return {"apiVersion": f"{rbac}/v1", "kind": kind, "metadata": meta, **fields}

    def bound(kind: str, name: str, role: str) -> dict[str, Any]:
        return made(kind, name, roleRef={"apiGroup": rbac, "kind": role, "name": name}, subjects=[subject])

    name, wide = "telcoai", f"telcoai-{namespace}"
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": level}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account, "namespace": namespace}},
        made("Role", name, rules=[_rule(*one) for one in NAMESPACED]),
        bound("RoleBinding", name, "Role"),
        made("ClusterRole", wide, rules=[_rule(*one) for one in CLUSTER]),
        bound("ClusterRoleBinding", wide, "ClusterRole"),
    ]


def _rule(group: str, resources: tuple[str, ...], verbs: tuple[str, ...]) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}
