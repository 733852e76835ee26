"""``python -m telcoai.serving CONFIG.json``: a node runtime in this process."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import uvloop

from telcoai.adapters.token import read_token
from telcoai.errors import InputError, TelcoaiError
from telcoai.serving.config import read_config
from telcoai.serving.replay import read_replay
from telcoai.serving.runtime import serve


def main(arguments: list[str]) -> int:
    """Run a node until it is told to stop; returns the exit code."""
    try:
        if len(arguments) != 1:
            raise InputError("usage: python -m telcoai.serving CONFIG.json")
        config = read_config(Path(arguments[0]))
        starts_again = uvloop.run(serve(config, read_token(config.token_file), read_replay(config)))
    except TelcoaiError as err:
        print(err.message, file=sys.stderr)
        return err.exit_code
    if starts_again:
        sys.stdout.flush()
        # A process of its own, but under the same id: whoever watches over this one notices nothing.
        os.execv(sys.executable, [sys.executable, "-m", "telcoai.serving", *arguments])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
