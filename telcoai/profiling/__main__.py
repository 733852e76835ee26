"""``python -m telcoai.profiling JOB.json RESULT.json``: measures in this process, on the machine that runs it."""

from __future__ import annotations

import functools
import sys
from pathlib import Path

import uvloop

from telcoai.errors import InputError, TelcoaiError
from telcoai.profiling.job import Job, read, write
from telcoai.profiling.measure import measure


def main(arguments: list[str]) -> int:
    """Measure a job and write its result; returns the exit code. Lines for a person go to stdout."""
    try:
        if len(arguments) != 2:
            raise InputError("usage: python -m telcoai.profiling JOB.json RESULT.json")
        job = read(Path(arguments[0]), Job)
        write(Path(arguments[1]), uvloop.run(measure(job, functools.partial(print, flush=True))))
    except TelcoaiError as err:
        print(err.message, file=sys.stderr)
        return err.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
