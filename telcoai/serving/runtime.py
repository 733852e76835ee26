"""Putting a node's parts together, and its life from start to stop."""

from __future__ import annotations

import asyncio
import functools
import gc
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from telcoai.adapters.unix import short_path
from telcoai.emulation.linux import step_back
from telcoai.errors import NodeError
from telcoai.model import jpeg
from telcoai.serving.app import App
from telcoai.serving.client import Pool
from telcoai.serving.config import NodeConfig
from telcoai.serving.cores import Cores
from telcoai.serving.forwarding import Forwarder
from telcoai.serving.http import Limits
from telcoai.serving.node import Node
from telcoai.serving.pacer import Pacer
from telcoai.serving.radio import Radio
from telcoai.serving.replay import Replay
from telcoai.serving.residency import Residency, shelf_of
from telcoai.serving.server import Connection, Server
from telcoai.serving.stage_calls import Machine
from telcoai.serving.stage_runs import Sessions
from telcoai.serving.stages import StageRunner
from telcoai.serving.stats import Stats
from telcoai.serving.switchover import Switchover

GRACE_S = 2.0
BACKLOG = 1024


async def serve(config: NodeConfig, token: str, replay: Replay) -> bool:
    """Serve until SIGTERM, SIGINT or a wish to start again; whether it was that wish.

    NodeError when an address can't be had.
    """
    sockets = _open_sockets(config)
    end, pool = _End(), Pool(Limits())
    machine = _machine(config, replay)
    stats = Stats(config.node, machine.cores, machine.residency, Radio(round(config.radio_tail_s * 1e9)))
    node = Node(config, StageRunner(config, machine, stats), Forwarder(config, pool, stats.radio), stats)
    node.switch_by(Switchover(config, machine.residency, pool, node.put))
    app = App(config, token, node, stats, machine.residency, end.start_again)
    server = Server(app, Limits())
    try:
        await _listen(server, *sockets)
        print("ready", flush=True)
        loading = asyncio.create_task(_load(config, machine, app))
        await end.wait(loading)
    finally:
        await server.close(GRACE_S)
        pool.close()
        machine.pacer.close()
        machine.threads.shutdown(wait=False, cancel_futures=True)
        config.control.unlink(missing_ok=True)
    return end.starts_again


def _machine(config: NodeConfig, replay: Replay) -> Machine:
    threads = min(config.cores, len(os.sched_getaffinity(0)))
    sessions, pacer = Sessions(), Pacer()
    return Machine(
        cores=Cores(config.cores, config.queue, config.node),
        pacer=pacer,
        # A late packet or request shows in a figure; a stage has twice its own time until its reply is due.
        threads=ThreadPoolExecutor(threads, "stage", initializer=step_back),
        sessions=sessions,
        replay=replay,
        residency=Residency(config, shelf_of(config, sessions), pacer),
    )


def _open_sockets(config: NodeConfig) -> tuple[socket.socket, socket.socket]:
    host, port = config.listen
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        tcp = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as err:
        raise NodeError(f"{config.node} can't listen on {host}:{port}: {err.strerror or err}") from err
    try:
        return tcp, _unix_socket(config.control)
    except OSError as err:
        tcp.close()
        raise NodeError(f"{config.node} can't listen on {config.control}: {err.strerror or err}") from err


def _unix_socket(path: Path) -> socket.socket:
    """A control socket that only its owner may use; one left behind by a dead runtime is replaced."""
    path.unlink(missing_ok=True)
    control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(control.fileno(), 0o600)
        with short_path(path) as name:
            control.bind(name)
        path.chmod(0o600)
    except OSError:
        control.close()
        raise
    return control


async def _listen(server: Server, tcp: socket.socket, control: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    server.add(await loop.create_server(functools.partial(Connection, server), sock=tcp, backlog=BACKLOG))
    server.add(await loop.create_unix_server(functools.partial(Connection, server), sock=control))


async def _load(config: NodeConfig, machine: Machine, app: App) -> None:
    """Load the stages that run here before the first request needs one; in bounded memory plans decide on them."""
    loop = asyncio.get_running_loop()
    for variant in config.variants.values() if config.memory_bytes is None else ():
        for stage, compute in zip(variant.stages, variant.compute, strict=True):
            if compute == "run":
                for_one = await loop.run_in_executor(None, machine.sessions.is_for_one, stage.path)
                if for_one:
                    print(f"{stage.path} takes one sample at a time: a batch runs one after the other", flush=True)
    if "jpeg" in config.frames.values():
        await loop.run_in_executor(None, jpeg.encode, np.zeros((8, 8, 3), np.uint8))  # imports the codec
    gc.collect()
    gc.freeze()  # what is there by now stays: later collections, which stop the clock, needn't look at it
    app.is_ready = True


class _End:
    """What ends a runtime: a signal, models that can't be loaded, or a wish to start again."""

    def __init__(self) -> None:
        self.starts_again = False
        self._stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop)

    def start_again(self) -> None:
        """End, to start again; a signal that comes meanwhile ends it for good."""
        if not self._stopped.is_set():
            self.starts_again = True
            self._stopped.set()

    def _stop(self) -> None:
        self.starts_again = False
        self._stopped.set()

    async def wait(self, loading: asyncio.Task[None]) -> None:
        """Wait for the end; NodeError when the models can't be loaded."""
        loading.add_done_callback(lambda task: self._stopped.set() if _has_failed(task) else None)
        await self._stopped.wait()
        if not loading.done():
            loading.cancel()
        elif _has_failed(loading):
            failure = loading.exception()
            raise NodeError(str(failure)) from failure


def _has_failed(task: asyncio.Task[None]) -> bool:
    return not task.cancelled() and task.exception() is not None
