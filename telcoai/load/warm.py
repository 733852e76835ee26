"""A process that has imported all that drivers need, and becomes a driver the moment one is wanted.

Importing takes a pod on a slow node seconds; a fork takes milliseconds. It is made while its parent has one thread
only, and has one itself: a fork of several would inherit locks that nobody opens again.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import NoReturn

from telcoai.errors import TestbedError
from telcoai.load import __main__ as driver

_PACKET = 65536


class Warm:
    """The warm process, and the driver that it forked last; one at a time."""

    def __init__(self) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        gc.freeze()  # a collection in a child would touch, and so copy, every page
        self._pid = os.fork()
        if not self._pid:
            self._orders.close()
            _serve(theirs)
        theirs.close()

    def drive(self, config: Path, log: Path) -> int:
        """Fork a driver of a configuration file, its output in ``log``; its process id."""
        try:
            self._orders.send(json.dumps([str(config), str(log)]).encode())
            return self._hear()
        except OSError as err:
            raise TestbedError("the warm process is gone, so there can be no driver") from err

    def wait(self) -> int:
        """Wait for the driver's end; its exit code, minus the signal that ended it, or -9 when all is lost."""
        try:
            return self._hear()
        except OSError:
            return -signal.SIGKILL

    def close(self) -> None:
        """Let the warm process end, once its driver has."""
        self._orders.close()
        os.waitpid(self._pid, 0)

    def _hear(self) -> int:
        packet = self._orders.recv(_PACKET)
        if not packet:
            raise ConnectionResetError
        return int(packet)


def _serve(orders: socket.socket) -> NoReturn:
    """Fork a driver for each order, and tell its process id and, later, its exit code."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # from a terminal it goes to all; whoever orders decides
    while packet := _next(orders):
        config, log = json.loads(packet)
        pid = os.fork()
        if not pid:
            orders.close()
            _drive(config, log)
        orders.send(str(pid).encode())
        _watch(pid, orders)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if not _tell(orders, code):
            break
    os._exit(0)


def _next(orders: socket.socket) -> bytes:
    try:
        return orders.recv(_PACKET)
    except OSError:
        return b""


def _watch(pid: int, orders: socket.socket) -> None:
    """Wait until the driver ends; when whoever ordered it is gone, so is the wish for its rows."""
    process = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(process, select.POLLIN)
    poll.register(orders, select.POLLIN)
    if process not in dict(poll.poll()):
        os.kill(pid, signal.SIGKILL)
    os.close(process)


def _tell(orders: socket.socket, code: int) -> bool:
    """Whether anybody listens still."""
    try:
        return orders.send(str(code).encode()) > 0
    except OSError:
        return False


def _drive(config: str, log: str) -> NoReturn:
    """Be a driver, as ``python -m telcoai.load`` would."""
    # Until it drives there is nothing to write down, so a wish to stop is granted at once.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for number, descriptor in enumerate((os.open(os.devnull, os.O_RDONLY), output, output)):
        os.dup2(descriptor, number)
    code = 1
    try:
        code = driver.main([config])
    except BaseException:  # noqa: BLE001 - the end of a process, as the interpreter would make it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
