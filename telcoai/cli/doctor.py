"""``telcoai doctor``."""

from __future__ import annotations

import os
import shutil
import sys

import typer

from telcoai.cli.console import Output, OutputOption, print_json, print_table

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
    for program, (names, package) in PROGRAMS.items():
        path = next(filter(None, map(shutil.which, names)), None)
        missing = f"only set-up and tests use it: sudo apt install {package}"
        found.append((program, path is not None, False, path or missing))
    return found
