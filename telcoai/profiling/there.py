"""Measuring on another machine over SSH: Ansible brings the measuring process there, and fetches what it found."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from telcoai.adapters.ansible import hostvars, run_playbook
from telcoai.errors import InputError
from telcoai.profiling.job import Job, Measurement, read, write
from telcoai.testbed.inventory import LOCAL, host_variables

LONGEST_S = 3600.0
"""Bringing libraries over a slow link and measuring on a slow board, together."""

_ADDRESS = re.compile(r"(?:(?P<user>[A-Za-z0-9_][\w.-]*)@)?(?P<host>[A-Za-z0-9_][\w.:-]*)")


def host_inventory(name: str, inventory: Path | None) -> dict[str, Any]:
    """An Ansible inventory with one machine, in the group ``profiled``.

    ``name``: a host of ``inventory``, or without one what ssh takes: a name of its configuration, ``user@address``.
    InputError when it is neither.
    """
    variables = host_variables(hostvars(inventory), name) if inventory else _as_ssh_knows(name)
    return {"all": {"hosts": {"localhost": dict(LOCAL)}, "children": {"profiled": {"hosts": {name: variables}}}}}


def measure_there(job: Job, inventory: dict[str, Any], step: Callable[[str], None]) -> Measurement:
    """Measure a job on the machine of an inventory; nothing stays there.

    NodeError with the host's name when it can't be reached, or has no fitting Python.
    """
    with tempfile.TemporaryDirectory(prefix="telcoai-profile-") as name:
        job_file, result = Path(name) / "job.json", Path(name) / "result.json"
        write(job_file, job)
        variables = {"telcoai_job": str(job_file), "telcoai_result": str(result)}
        run_playbook("profile.yml", inventory, variables, step=step, timeout_s=LONGEST_S)
        return read(result, Measurement)


def _as_ssh_knows(name: str) -> dict[str, Any]:
    found = _ADDRESS.fullmatch(name)
    if found is None:
        raise InputError(f"--host {name!r} is no host name", "write it as for ssh: pi-5, pi@192.0.2.11; or --inventory")
    if found["host"] == "localhost":
        raise InputError("--host localhost is this machine", "leave --host out")
    return {"ansible_host": found["host"]} | ({"ansible_user": found["user"]} if found["user"] else {})
