"""The namespace in which everything of telcoai's runs on a cluster."""

from __future__ import annotations

from telcoai.adapters.kubernetes import Kubernetes
from telcoai.testbed.cluster import NAMESPACE, TESTBED_LABEL


def ensure_namespace(kubernetes: Kubernetes, testbed: str, name: str = NAMESPACE) -> None:
    """Make the namespace; it takes only pods that keep the ``restricted`` standard."""
    levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    kubernetes.apply(
        f"/api/v1/namespaces/{name}",
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": {**levels, TESTBED_LABEL: testbed}},
        },
    )
