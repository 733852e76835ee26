"""A kind cluster of 1 + 6 nodes: up, first answer, second playbook, memory, plan change, delays between pods, down.

python -m tests.bench.bench_cluster [TESTBED]     testbeds/kind.yaml unless said; testbeds/k3s.yaml works too
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import psutil

from telcoai.adapters.ansible import run_playbook
from telcoai.experiment.session import load_plugins
from telcoai.model.plan import Assignment, Plan
from telcoai.orchestrator.compute import measure_host
from telcoai.orchestrator.control import by_device
from telcoai.orchestrator.pod_deployment import PodDeployment
from telcoai.spec import load_scenario
from telcoai.testbed.inventory import inventory
from telcoai.testbed.running import bring_up, take_down
from telcoai.testbed.surroundings import in_surroundings

ROOT = Path(__file__).parents[2]
CHANGES = 7


def quiet(_: str) -> None:
    """Say nothing of what goes on."""


def told(what: str, seen: str, target: str) -> None:
    """A line of the table."""
    print(f"{what:58} {seen:>16}   target {target}", flush=True)


def plan_on(deployment: PodDeployment, node: str) -> Plan:
    """Everything on one node, or on each device itself."""
    service = deployment.scenario.services[0]
    variant = next(iter(deployment.workloads.values())).variants[0]
    stages = len(variant.stages)
    return Plan(
        tuple(
            Assignment(service.name, one, variant.name, (node or one,) * stages, (2.0,) * (stages - 1))
            for one in service.devices
        )
    )


def ask(deployment: PodDeployment) -> str:
    """The placement of one request to the first camera's runtime."""
    body = {"inputs": [{"name": "sample", "datatype": "INT64", "shape": [1, 1], "data": [3]}]}
    service = deployment.scenario.services[0].name
    reply = deployment.door.ask("camera-1", "POST", f"/v2/models/{service}/infer", body)
    return str(reply["parameters"]["placement"])


def change_ms(deployment: PodDeployment, node: str) -> float:
    """From the new plan's sending until a request was answered under it."""
    wanted = node or "camera-1"
    started = time.monotonic()
    refused = [said for said in deployment.control.send(by_device(plan_on(deployment, node))).values() if said]
    if refused:
        raise SystemExit(refused[0])
    while not ask(deployment).startswith(wanted):
        pass
    return (time.monotonic() - started) * 1e3


def main(testbed: str) -> None:
    """Print every figure beside its target."""
    scenario = load_scenario(str(ROOT / "scenarios/quickstart.yaml"), testbed)
    topology = in_surroundings(scenario.topology, os.environ)
    scenario = replace(scenario, topology=topology)
    workloads, _ = load_plugins(scenario)
    infos = {name: one.info for name, one in workloads.items()}
    host = measure_host(infos.values())
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        root = Path(name)
        free = psutil.virtual_memory().available
        started = time.monotonic()
        running, _ = bring_up(topology, root, quiet)
        up_s = time.monotonic() - started
        told(f"up of {topology.name}, 1 + {len(topology.nodes)} nodes, links verified", f"{up_s:.1f} s", "–")
        time.sleep(10)
        used = (free - psutil.virtual_memory().available) / 2**30
        again = run_playbook(
            "up.yml", inventory(topology, root / topology.name, os.environ), {}, step=quiet, timeout_s=300
        )
        begun = time.monotonic()
        deployment = PodDeployment(scenario, running, infos, host)
        deployment.start()
        change_ms(deployment, "")
        answered_s = time.monotonic() - begun
        told("… and until a workload's pod answers (image loaded too)", f"{up_s + answered_s:.1f} s", "≤ 75 s")
        told("memory of the idle cluster", f"{used:.2f} GiB", "≤ 2.5 GiB")
        told("second up.yml: tasks that changed something", str(again.changes), "0")
        told("second up.yml", f"{again.wall_s:.1f} s", "≤ 20 s")
        changes = [change_ms(deployment, "edge" if k % 2 == 0 else "") for k in range(CHANGES)]
        told(
            f"plan change to a request's answer under it, median of {CHANGES}",
            f"{statistics.median(changes):.0f} ms",
            "≤ 300 ms",
        )
        asked = {link.name: link.up.delay_ms + link.down.delay_ms for link in topology.links}
        off = [abs(one["rtt_ms"] - asked[one["link"]]) / 2 for one in deployment.pod_links]
        told("one-way delay between pods, off by (median of the links)", f"{statistics.median(off):.2f} ms", "≤ 0.5 ms")
        print(json.dumps({one["link"]: one["rtt_ms"] for one in deployment.pod_links}))
        deployment.clear()
        started = time.monotonic()
        take_down(topology.name, root, quiet)
        told("down", f"{time.monotonic() - started:.1f} s", "≤ 10 s")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "testbeds/kind.yaml"))
