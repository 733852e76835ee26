"""A driver process: ``python -m telcoai.load CONFIG.json``.

The file holds one configuration or a list of them; all are driven by one event loop. SIGTERM and SIGINT end it in
order: what is under way is recorded as unfinished. Exit code 0 when done or stopped, 2 when told nonsense.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path

import uvloop

from telcoai.emulation.linux import run_at_once, sharpen_timers
from telcoai.errors import TelcoaiError
from telcoai.load.config import DriverConfig, read_configs
from telcoai.load.driver import Driver, Turn

_LIVE_S = 0.5
_SWITCH_S = 0.0002


async def drive(configs: tuple[DriverConfig, ...]) -> None:
    """Drive all configurations until they are over or a signal comes."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    drivers = [Driver(config) for config in configs]
    # The thread that replaces live files has to hand the interpreter back soon: by default it may keep it for 5 ms.
    sys.setswitchinterval(_SWITCH_S)
    # What exists by now stays for good: the collector needn't look at it while driving.
    gc.collect()
    gc.freeze()
    # Files are written in turns, 400 a second at most, so that requests never wait for all of them at once.
    every_s = max(_LIVE_S, len(drivers) / 400)
    turns = [Turn(every_s * index / len(drivers), every_s) for index in range(len(drivers))]
    await asyncio.gather(*(driver.run(stop, turn) for driver, turn in zip(drivers, turns, strict=True)))


class _WithoutPandas(MetaPathFinder):
    """Keeps pandas out: pyarrow would import it with its first array, 60 MB and a second of CPU for nothing."""

    def find_spec(self, fullname: str, *_: object) -> None:
        """Refuse pandas, leave all else to the other finders."""
        if fullname == "pandas":
            raise ModuleNotFoundError("drivers do without pandas", name=fullname)


def main(arguments: list[str]) -> int:
    """Run with the command line's arguments; returns the exit code."""
    if len(arguments) != 1:
        print("usage: python -m telcoai.load CONFIG.json", file=sys.stderr)
        return 2
    sys.meta_path.insert(0, _WithoutPandas())
    try:
        configs = read_configs(Path(arguments[0]))
        sharpen_timers()
        run_at_once()
        uvloop.run(drive(configs))
    except TelcoaiError as err:
        print(f"{err.message}\n{err.hint}".strip(), file=sys.stderr)
        return err.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
