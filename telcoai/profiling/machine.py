"""What machine this is, as far as its kernel tells."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from telcoai import __version__
from telcoai.profiling.job import Machine

UNKNOWN = "unknown"
CPUINFO_KEYS = ("model name", "Model", "Hardware", "cpu model", "Processor")
"""Of /proc/cpuinfo, by architecture; the first that is there names the processor."""


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def this_machine(root: Path = Path("/")) -> Machine:
    """Facts of the machine whose ``proc`` and ``sys`` are under ``root``, and of this Python."""
    processor = processor_of(_text(root / "proc/cpuinfo"))
    return Machine(
        machine=_text(root / "proc/device-tree/model").strip("\0\n ") or processor,
        processor=processor,
        architecture=platform.machine(),
        cores=usable_cores(),
        memory_bytes=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        kernel=f"{platform.system()} {platform.release()}",
        governor=governor_of(root / "sys/devices/system/cpu"),
        python=platform.python_version(),
        onnxruntime=version("onnxruntime"),
        telcoai=__version__,
        load=os.getloadavg()[0],
    )


def processor_of(cpuinfo: str) -> str:
    """The processor's name in the text of /proc/cpuinfo; the architecture where it has none."""
    fields = dict(reversed([_pair(line) for line in cpuinfo.splitlines() if ":" in line]))
    return next((fields[key] for key in CPUINFO_KEYS if fields.get(key)), platform.machine())


def governor_of(folder: Path) -> str:
    """Governors of the cores, each once; "unknown" where the kernel doesn't say."""
    files = sorted(folder.glob("cpu[0-9]*/cpufreq/scaling_governor"))
    found = dict.fromkeys(text for path in files if (text := _text(path).strip()))
    return ", ".join(found) or UNKNOWN


def _pair(line: str) -> tuple[str, str]:
    key, _, value = line.partition(":")
    return key.strip(), value.strip()


def _text(path: Path) -> str:
    """A file of the kernel's; "" where it isn't there or may not be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
