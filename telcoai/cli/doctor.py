"""``telcoai doctor``."""

from __future__ import annotations

import os
import shutil
import sys

import typer

from telcoai.cli.console import Output, OutputOption, print_json, print_table

INSTANCES = 8192
"""Of inotify, that the systemds and kubelets of twenty nodes need."""

PROGRAMS = {
    "make": (("make",), "make"),
    "git": (("git",), "git"),
    "ping": (("ping",), "iputils-ping"),
    "iperf3": (("iperf3",), "iperf3"),
    "chromium": (("chromium", "chromium-browser", "google-chrome"), "chromium"),
}
"""Programs for setting up and testing, their names, and the Debian package of each."""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("doctor", epilog="Example: telcoai doctor")(doctor)


def doctor(output: OutputOption = Output.TABLE) -> None:
    """Say what this machine lacks, and the fix."""
    findings = _findings()
    if output is Output.JSON:
        keys = ("check", "ok", "needed", "detail")
        print_json([dict(zip(keys, finding, strict=True)) for finding in findings])
    else:
        state = {(True, True): "ok", (True, False): "ok", (False, True): "missing", (False, False): "optional"}
        rows = [[name, state[ok, needed], text] for name, ok, needed, text in findings]
        print_table(["check", "state", "detail"], rows)
    if any(needed and not ok for _, ok, needed, _ in findings):
        raise typer.Exit(3)


def _for_clusters() -> list[tuple[str, bool, bool, str]]:
    """What testbeds on Kubernetes need beside that."""
    from pathlib import Path

    from telcoai.adapters.engine import Engine
    from telcoai.errors import TelcoaiError

    try:
        engine = (True, f"{Engine.find().program} answers")
    except TelcoaiError as err:
        engine = (False, f"only testbeds on kind, or on k3s with hosts: docker, use one: {err.message}")
    kind = shutil.which("kind")
    limit = Path("/proc/sys/fs/inotify/max_user_instances")
    instances = int(limit.read_text()) if limit.exists() else 0
    many = f"{instances}; over about ten nodes need sudo sysctl fs.inotify.max_user_instances={INSTANCES}"
    return [
        ("container engine", engine[0], False, engine[1]),
        ("kind", kind is not None, False, kind or "only platform: kind uses it: https://kind.sigs.k8s.io"),
        ("inotify instances", instances >= INSTANCES, False, str(instances) if instances >= INSTANCES else many),
    ]


def _findings() -> list[tuple[str, bool, bool, str]]:
    """(check, ok, needed, detail) each."""
    from telcoai.emulation.cgroups import memory_tree
    from telcoai.emulation.problems import namespace_problem, tun_problem

    found = [("python", sys.version_info >= (3, 11), True, sys.version.split()[0])]
    for name, problem in (("namespaces", namespace_problem()), ("tun device", tun_problem())):
        found.append((name, problem is None, True, problem or "can be made"))
    bounded = os.geteuid() == 0 and memory_tree() is not None
    unbounded = "nodes' memory isn't bounded: that takes root and memory cgroups"
    found.append(("memory limits", bounded, False, "nodes' memory is bounded by cgroups" if bounded else unbounded))
    cores = os.cpu_count() or 1
    found.append(("cores", cores >= 2, False, f"{cores}; with fewer than 2 most runs will be invalid"))
    found += _for_clusters()
    for program, (names, package) in PROGRAMS.items():
        path = next(filter(None, map(shutil.which, names)), None)
        missing = f"only set-up and tests use it: sudo apt install {package}"
        found.append((program, path is not None, False, path or missing))
    return found
