#!/usr/bin/env python3
"""An OCI runtime for hosts whose root lacks some capabilities: asks runc for no more than this process may give.

Docker's `--privileged` asks for every capability the kernel knows, and runc gives up when one of them is not in the
bounding set. Called like runc; it takes such requests out of the container's config.json (create, run) or the
`--process` file (exec) and becomes runc. It stands alone, so that it can be put into a machine as `runc` too.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

NAMES = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE "
    "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN "
    "SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE "
    "MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE "
)
RUNC = ("/usr/bin/runc", "/usr/sbin/runc", "/usr/libexec/runc")


def capabilities(status: str) -> set[str]:
    """The bounding set in the text of a /proc/PID/status."""
    line = next(line for line in status.splitlines() if line.startswith("CapBnd:"))
    mask = int(line.split()[1], 16)
    return {f"CAP_{name}" for bit, name in enumerate(NAMES.split()) if mask >> bit & 1}


def within(process: dict[str, object], held: set[str]) -> dict[str, object]:
    """The same OCI process without capabilities that aren't held, resource limits and a protected OOM score."""
    asked = process.get("capabilities") or {}
    kept = {kind: [name for name in names if name in held] for kind, names in asked.items()}  # type: ignore[attr-defined]
    smaller = {key: value for key, value in process.items() if key != "rlimits"} | {"capabilities": kept}
    if int(smaller.get("oomScoreAdj") or 0) < 0:  # type: ignore[call-overload]
        smaller["oomScoreAdj"] = 0
    return smaller


def option(arguments: list[str], *names: str) -> str | None:
    """The value of an option written as `--name value` or `--name=value`."""
    for place, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name in names:
            return value if equals else arguments[place + 1]
    return None


def rewrite(arguments: list[str], held: set[str]) -> None:
    """Change the file that this call of the runtime will read, if it is one that starts a process."""
    if "create" in arguments or "run" in arguments:
        path = Path(option(arguments, "--bundle", "-b") or ".") / "config.json"
        spec = json.loads(path.read_text())
        path.write_text(json.dumps(spec | {"process": within(spec["process"], held)}))
    elif "exec" in arguments and (named := option(arguments, "--process", "-p")):
        path = Path(named)
        path.write_text(json.dumps(within(json.loads(path.read_text()), held)))


def main() -> None:
    """Rewrite what runc will read, then become runc."""
    rewrite(sys.argv[1:], capabilities(Path("/proc/self/status").read_text()))
    runc = next(path for path in RUNC if Path(path).exists() and not Path(path).samefile(__file__))
    os.execv(runc, [runc, *sys.argv[1:]])


if __name__ == "__main__":
    main()
