"""Forks processes that run Python modules: ``python -m telcoai.emulation.fork_server``, its input a socket of orders.

It imports what it is asked for once, so that a process which runs it starts in milliseconds and shares the memory. It
must stay single-threaded, since a fork copies one thread only. Its children run the module as ``python -m`` would,
but for the interpreter's own settings (hash seed, ``-X``, ``PYTHON…`` variables), which are the fork server's.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import os
import runpy
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from telcoai.emulation import linux, processes
from telcoai.emulation.module_order import MAX_BYTES, MAX_FDS, ModuleOrder, Surroundings, report
from telcoai.emulation.processes import Command

NAME = "telcoai-forks"

SINGLE_THREADED = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "ORT_DISABLE_TELEMETRY": "1",
}
"""Keeps libraries from starting threads while they are imported: BLAS, OpenMP, pyarrow's jemalloc, onnxruntime."""


class Preloaded:
    """The modules imported so far, and when their source files were written.

    ``has_threads`` is true once an import has started a thread in spite of all.
    """

    def __init__(self) -> None:
        self.has_threads = False
        self._names: set[str] = set()
        self._roots: set[str] = set()
        self._written_ns: dict[str, int] = {}

    def add(self, module: str, others: Iterable[str]) -> None:
        """Import ``module`` as if it were to be run, and ``others``, unless they are there already."""
        wanted = {module, *others} - self._names
        if not wanted:
            return
        for name in wanted - {module}:
            _import(name)
        sys.modules.pop(_import_entry(module), None)  # else it would be there twice, and runpy warns of that
        self._names |= wanted
        self._roots.add(module.partition(".")[0])
        for file in self._sources():
            self._written_ns.setdefault(file, _written_ns(file))
        self.has_threads = threads() > 1
        gc.collect()
        gc.freeze()  # a collection in a child would touch, and so copy, every page

    def is_stale(self) -> bool:
        """True when a source file of the packages that are run here was written since it was imported."""
        return any(_written_ns(file) != then for file, then in self._written_ns.items())

    def _sources(self) -> list[str]:
        modules = [m for name, m in list(sys.modules.items()) if name.partition(".")[0] in self._roots]
        return [file for m in modules if isinstance(m, ModuleType) and (file := getattr(m, "__file__", None))]


def _import(name: str) -> None:
    with suppress(ImportError, SyntaxError):  # a process that needs it will say so, in its log
        importlib.import_module(name)


def _import_entry(module: str) -> str:
    """Import what ``python -m MODULE`` runs, a package's ``__main__`` or the module itself; its name."""
    entry = module
    with suppress(ImportError, SyntaxError):
        spec = importlib.util.find_spec(module)
        if spec is not None and spec.submodule_search_locations is not None:
            entry = f"{module}.__main__"
    _import(entry)
    return entry


def _written_ns(file: str) -> int:
    try:
        return Path(file).stat().st_mtime_ns
    except OSError:
        return -1


def main() -> None:
    """Serve until the supervisor closes the socket; in a child, run the module instead."""
    linux.name_process(NAME)
    inherited = dict(os.environ)
    os.environ.update(SINGLE_THREADED)
    orders = socket.socket(fileno=os.dup(0))
    _read_nothing()
    command = _serve(orders, inherited)
    if command is not None:
        _run(command, {**inherited, **command.env})


def _read_nothing() -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)


def _serve(orders: socket.socket, environment: dict[str, str]) -> Command | None:
    """Fork a child for each order. What to run, in a child; None in the fork server, when its work is over."""
    preloaded = Preloaded()
    while True:
        packet, fds, _, _ = socket.recv_fds(orders, MAX_BYTES, MAX_FDS)
        if not packet:
            return None
        order, around = ModuleOrder.unpack(packet), Surroundings.of(fds)
        if preloaded.is_stale():
            report(around.report, stale=True)
            return None
        preloaded.add(order.command.argv[0], order.preload)
        if _fork_twice():
            around.close()
            continue
        orders.close()
        _settle(order.command, around)
        if preloaded.has_threads:
            _start_afresh(order.command, environment)
        return order.command


def _fork_twice() -> bool:
    """False in the grandchild, whose parent is the sandbox's init."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return True
    if os.fork():
        os._exit(0)
    return False


def _settle(command: Command, around: Surroundings) -> None:
    """Move into the node and report it, or why not."""
    try:
        processes.settle(command, around.node, around.cgroup)
    except (OSError, ValueError) as err:
        report(around.report, error=f"{command.argv[0]}: {err}")
        os._exit(127)
    report(around.report, pid=os.getpid())
    around.close()


def _run(command: Command, environment: dict[str, str]) -> None:
    """Run the module in this process, which ends as it would have under ``python -m``."""
    module = command.argv[0]
    os.environ.clear()
    os.environ.update(environment)
    linux.set_command_line(_line(command))
    linux.name_process(f"{module.rpartition('.')[2]}:{environment.get('TELCOAI_NODE', '')}")
    reseed()
    if not sys.flags.safe_path:
        sys.path[0] = str(Path.cwd())
    sys.argv = list(command.argv)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _start_afresh(command: Command, environment: dict[str, str]) -> NoReturn:
    """Run the module in a new interpreter, since this one may hold locks of threads that weren't copied."""
    os.execve(sys.executable, _line(command), {**environment, **command.env})


def _line(command: Command) -> list[str]:
    return [sys.executable, "-m", *command.argv]


def threads() -> int:
    """Threads of this process."""
    return len(list(Path("/proc/self/task").iterdir()))


def reseed() -> None:
    """Give numpy's global generator a state of its own; ``random`` and OpenSSL do so at every fork."""
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()


if __name__ == "__main__":
    main()
