"""Logs of runtimes in pods, for people."""

from __future__ import annotations

from telcoai.errors import InputError
from telcoai.orchestrator.manifests import RUNTIME, Ground
from telcoai.orchestrator.pods import Pods, node_of
from telcoai.testbed.running import Testbed


def runtime_log(testbed: Testbed, node: str, lines: int) -> str:
    """The last lines that a node's runtime logged. InputError when none runs there."""
    if testbed.cluster is None:
        raise ValueError("not a cluster")
    if node not in {one.name for one in testbed.topology.nodes}:
        raise InputError(f"testbed {testbed.topology.name} has no node {node}")
    pods = Pods(testbed.cluster.kubernetes, Ground(testbed.topology.name, testbed.cluster.namespace, "", loaded=True))
    mine = [pod for pod in pods.now(RUNTIME) if node_of(pod) == node]
    if not mine:
        raise InputError(f"no runtime runs on {node}", "telcoai deploy SCENARIO starts runtimes")
    return pods.log(mine[0]["metadata"]["name"], f"tailLines={lines}")
