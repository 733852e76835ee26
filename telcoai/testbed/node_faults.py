"""Faults of a cluster's nodes: a crash and what brings it back. The links are the sandbox's business."""

from __future__ import annotations

from telcoai.errors import NodeError
from telcoai.testbed.running import Testbed

_CRASH = """
systemctl stop --no-block kubelet k3s-agent k3s 2>/dev/null
for round in 1 2 3 4 5; do
  pids=$(find /sys/fs/cgroup -path '*kubepods*' -name cgroup.procs -exec cat {} + 2>/dev/null | sort -un)
  [ -n "$pids" ] || break
  kill -9 $pids 2>/dev/null
  sleep 0.1
done
true
"""
"""Ends the kubelet, so that it starts nothing again, and then every process of every pod."""

_RECOVER = """
for unit in kubelet k3s-agent k3s; do
  [ "$(systemctl is-enabled $unit 2>/dev/null)" = enabled ] && systemctl start --no-block $unit
done
true
"""


def crash(testbed: Testbed, node: str) -> None:
    """End the node's kubelet and all its containers at once. NodeError when the node can't be reached."""
    _in_node(testbed, node, _CRASH)


def recover(testbed: Testbed, node: str) -> None:
    """Start the node's kubelet again; it starts the containers."""
    _in_node(testbed, node, _RECOVER)


def _in_node(testbed: Testbed, node: str, script: str) -> None:
    """Run a fixed script as root in the node's machine."""
    if testbed.cluster is None:
        raise ValueError("not a cluster")
    member = testbed.cluster.member(node)
    if not member.container:
        raise NodeError(
            f"faults of {node} can't be made: it isn't a container on this machine", "leave node changes out"
        )
    testbed.cluster.engine.exec_(member.container, ["sh", "-c", script])
