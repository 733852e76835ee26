"""Measuring on this machine, in a process of its own: nothing else that telcoai does shares its interpreter lock."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from telcoai.errors import InputError, TestbedError
from telcoai.profiling.job import Job, Measurement, read, write


def measure_here(job: Job, step: Callable[[str], None]) -> Measurement:
    """Measure a job; ``step`` takes lines about what goes on.

    InputError when the job doesn't fit this machine; TestbedError when the process fails.
    """
    with tempfile.TemporaryDirectory(prefix="telcoai-profile-") as name:
        folder = Path(name)
        write(folder / "job.json", job)
        _run([sys.executable, "-m", "telcoai.profiling", "job.json", "result.json"], folder, step)
        return read(folder / "result.json", Measurement)


def _run(command: list[str], folder: Path, step: Callable[[str], None]) -> None:
    with (folder / "errors").open("w+") as errors:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True)
        assert process.stdout is not None
        try:
            for line in process.stdout:
                step(line.strip())
            code = process.wait()
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        errors.seek(0)
        said = errors.read().strip()[-800:]
    if code == InputError.exit_code:
        raise InputError(said)
    if code:
        raise TestbedError(f"the measuring process ended with {code}: {said or 'it said nothing'}")
