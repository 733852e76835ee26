"""Pods' own networks: set as those of virtual hosts, and the links measured between them.

Root on the machine that the nodes' containers are on can enter them; elsewhere pods keep what their kernel gives.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from telcoai.emulation import linux
from telcoai.emulation.sandbox import Sandbox
from telcoai.testbed.links import refuse_bad_links
from telcoai.testbed.running import Testbed

_SETTINGS = (("net/ipv4/tcp_congestion_control", "reno"), ("net/ipv4/tcp_no_metrics_save", "1"))
"""As in virtual hosts: figures would depend on what the host does, and runs on those before."""

_PAUSES_S = (0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class PodNetworks:
    """Network namespaces of pods, as descriptors, and their addresses, by node; empty where they can't be entered."""

    testbed: Testbed
    ends: Mapping[str, tuple[int, str]]

    @classmethod
    @contextmanager
    def open(cls, testbed: Testbed, pods: Mapping[str, tuple[str, str]]) -> Iterator[PodNetworks]:
        """Of the pods with these uids and addresses, by node; closed after."""
        cluster = testbed.cluster
        here = cluster is not None and all(one.pid for one in cluster.members) and linux.may_administer()
        found = find_processes({uid for uid, _ in pods.values()}) if here else {}
        with ExitStack() as stack:
            ends = {}
            for node, (uid, address) in pods.items():
                if uid in found:
                    fd = os.open(f"/proc/{found[uid][0]}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
                    stack.callback(os.close, fd)
                    ends[node] = (fd, address)
            yield cls(testbed, ends)

    def settle(self) -> None:
        """Fix how TCP sends in every pod."""
        for fd, _ in self.ends.values():
            thread = threading.Thread(target=_settle, args=(fd,))  # a thread is in a namespace of its own
            thread.start()
            thread.join()

    def measure(self) -> list[dict[str, Any]]:
        """Delays between pods beside those asked, a row a link. LinkError when one stays out of tolerance.

        Pods that have just started keep the machine busy for a while, so that it is tried some times.
        """
        if not self.ends or not isinstance(self.testbed.network, Sandbox):
            return []
        for pause_s in (*_PAUSES_S, 0.0):
            measured = self.testbed.network.delays_between(self.ends)
            if not any(one.problems for one in measured):
                break
            time.sleep(pause_s)
        refuse_bad_links(measured)
        return [
            {"link": one.link, "rtt_ms": one.rtt_ms, "up": asdict(one.up), "down": asdict(one.down)} for one in measured
        ]


def _settle(namespace: int) -> None:
    linux.setns(namespace)
    for key, value in _SETTINGS:
        Path("/proc/sys", key).write_text(value)


def find_processes(uids: set[str]) -> dict[str, list[int]]:
    """The processes on this machine of each pod, by the pod's uid: their cgroup has the uid in its name."""
    found: dict[str, list[int]] = {}
    spelled = {form: uid for uid in uids for form in (uid, uid.replace("-", "_"))}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            groups = (entry / "cgroup").read_text()
        except OSError:
            continue  # gone
        for form, uid in spelled.items():
            if f"pod{form}" in groups:
                found.setdefault(uid, []).append(int(entry.name))
    return found
