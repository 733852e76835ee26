"""A program in a cluster's node or in its pod, on this terminal."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence

from telcoai.errors import InputError
from telcoai.testbed.cluster import NODE_LABEL, TESTBED_LABEL
from telcoai.testbed.inventory import machine
from telcoai.testbed.running import Testbed
from telcoai.testbed.ssh import command


def run_in_member(testbed: Testbed, node: str, words: Sequence[str], *, pod: bool) -> int:
    """Run a program in the node's machine, or in the pod of its runtime; its exit code. InputError without a pod."""
    cluster = testbed.cluster
    if cluster is None:
        raise ValueError("not a cluster")
    if pod:
        return subprocess.call(_in_pod(testbed, node, words))
    member = cluster.member(node)
    if not member.container:
        host = {"inventory_hostname": node, **machine(testbed.topology, testbed.folder, node)}
        return subprocess.call(command(host, words))
    terminal = ["-it"] if sys.stdin.isatty() else ["-i"]
    return subprocess.call([cluster.engine.program, "exec", *terminal, member.container, *words])


def _in_pod(testbed: Testbed, node: str, words: Sequence[str]) -> list[str]:
    """The words for kubectl, which is the tool for streams into a pod."""
    cluster = testbed.cluster
    if cluster is None or cluster.kubeconfig is None:
        raise ValueError("not a cluster")
    if shutil.which("kubectl") is None:
        raise InputError("--pod needs kubectl on this machine", "install kubectl, or leave --pod out")
    selector = f"{TESTBED_LABEL}={testbed.topology.name},{NODE_LABEL}={node},telcoai.dev/role=runtime"
    found = cluster.kubernetes.items(f"/api/v1/namespaces/{cluster.namespace}/pods", selector)
    if not found:
        raise InputError(f"no runtime runs on {node}", "telcoai deploy SCENARIO starts runtimes")
    terminal = ["-it"] if sys.stdin.isatty() else ["-i"]
    place = ["--kubeconfig", str(cluster.kubeconfig), "--namespace", cluster.namespace]
    return ["kubectl", *place, "exec", *terminal, found[0]["metadata"]["name"], "--", *words]
