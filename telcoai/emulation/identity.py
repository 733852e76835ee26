"""Which process a sandbox's supervisor is, written down so that a reused process number isn't taken for it."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import asdict, dataclass
from pathlib import Path

from telcoai.emulation.traces import IDENTITY

_PF_EXITING = 0x4
_SIGKILL_MASK = 1 << (signal.SIGKILL - 1)


@dataclass(frozen=True, slots=True)
class Identity:
    """A supervisor: its host process number, start time (clock ticks since boot), boot, and sandbox."""

    pid: int
    start_ticks: int
    boot: str
    name: str
    committed: bool

    @classmethod
    def of(cls, pid: int, name: str, *, committed: bool) -> Identity:
        """The identity of a running process. ProcessLookupError when it is gone."""
        ticks = start_ticks(pid)
        if ticks is None:
            raise ProcessLookupError(f"process {pid} is gone")
        return cls(pid, ticks, boot_id(), name, committed)

    @property
    def alive(self) -> bool:
        """True as long as that very process runs (a zombie doesn't)."""
        return self.boot == boot_id() and start_ticks(self.pid) == self.start_ticks

    @property
    def serves(self) -> bool:
        """True when it is alive and not about to end: a killed process lives on for some milliseconds."""
        return self.alive and not _ends(self.pid)

    def write(self, state_dir: Path) -> None:
        """Write it to the state folder, whole or not at all."""
        temporary = state_dir / f".{IDENTITY}.{os.getpid()}"
        temporary.write_text(json.dumps(asdict(self)))
        temporary.replace(state_dir / IDENTITY)

    @classmethod
    def read(cls, state_dir: Path) -> Identity | None:
        """What the state folder says; None when it says nothing sensible."""
        try:
            return cls(**json.loads((state_dir / IDENTITY).read_text()))
        except (OSError, ValueError, TypeError):
            return None


def boot_id() -> str:
    """Identifier of the running boot of this host."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _ends(pid: int) -> bool:
    """True for a process that is exiting or has a SIGKILL pending."""
    try:
        flags = int(_fields(pid)[6])
        status = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (OSError, IndexError):
        return True
    pending = [int(line.split()[1], 16) for line in status if line.startswith(("SigPnd:", "ShdPnd:"))]
    return bool(flags & _PF_EXITING) or any(mask & _SIGKILL_MASK for mask in pending)


def _fields(pid: int) -> list[str]:
    """What follows the name in /proc/PID/stat."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()


def start_ticks(pid: int) -> int | None:
    """Start time of a process, None when it is gone or a zombie."""
    try:
        fields = _fields(pid)
    except (OSError, IndexError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])
