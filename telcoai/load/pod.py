"""``python -m telcoai.load.pod [PORT]``: drivers in a pod, told over HTTP what to drive and when.

The token's file is named by ``TELCOAI_TOKEN_FILE``; every request but the one for health has to give the token in the
header ``telcoai-token``. Files go to ``TELCOAI_WORK``, or to the system's folder for temporary ones. While a run goes
on this process does nothing unless it is asked.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from telcoai.adapters.token import read_token
from telcoai.errors import InputError, TelcoaiError

PORT = 8081
SINGLE_THREADED = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
"""Keeps libraries from starting threads while they are imported, since drivers are forked from what imported them."""


def main(arguments: list[str]) -> int:
    """Serve until ``/bye`` or SIGTERM; returns the exit code when it can't, and leaves with 0 when told to."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    try:
        _serve(_port(arguments), _token())
    except TelcoaiError as err:
        print(err.message, file=sys.stderr)
        return err.exit_code
    except OSError as err:
        print(f"the driver pod can't serve: {err.strerror or err}", file=sys.stderr)
        return 3
    return 0


def _serve(port: int, token: str) -> None:
    os.environ.update(SINGLE_THREADED)
    from telcoai.load.pod_run import PodRun
    from telcoai.load.pod_server import PodServer
    from telcoai.load.warm import Warm

    warm = Warm()
    run = PodRun(Path(os.environ.get("TELCOAI_WORK") or tempfile.gettempdir()), warm)
    try:
        with PodServer(port, token, run) as server:
            print("ready", flush=True)
            server.serve_forever(poll_interval=None)  # type: ignore[arg-type]  # sleeps until somebody asks
    finally:
        run.close()
        warm.close()


def _end(*_: object) -> NoReturn:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # once is enough: what follows is the end in order
    sys.exit(0)


def _port(arguments: list[str]) -> int:
    text = arguments[0] if arguments else str(PORT)
    if len(arguments) > 1 or not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise InputError("usage: python -m telcoai.load.pod [PORT]")
    return int(text)


def _token() -> str:
    name = os.environ.get("TELCOAI_TOKEN_FILE", "")
    if not name:
        raise InputError("TELCOAI_TOKEN_FILE names no file with the token")
    return read_token(Path(name))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
