"""Init of a sandbox: starts and reaps processes, passes orders to the network, answers on a Unix socket."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from telcoai.emulation import measure, namespaces, processes
from telcoai.emulation.cgroups import NodeGroups
from telcoai.emulation.connection import Connection
from telcoai.emulation.fork_client import ForkServer
from telcoai.emulation.layout import Layout
from telcoai.emulation.module_order import ModuleOrder
from telcoai.emulation.namespaces import NodeNamespaces
from telcoai.emulation.network import Network, NetworkGone
from telcoai.emulation.process_table import ProcessTable
from telcoai.emulation.processes import Command, Process, asked_command
from telcoai.emulation.protocol import ProtocolError, number, text

COMMIT = b"commit"
MOST_FDS = 250
"""Descriptors that may come with one request; the kernel takes 253."""

_FORK_ATTEMPTS = 3
"""A fork server may have old code or be killed while it has an order."""


class Supervisor:
    """Serves one sandbox until shut down, or until ``handshake`` closes without a commit."""

    def __init__(
        self,
        layout: Layout,
        nodes: dict[str, NodeNamespaces],
        groups: NodeGroups,
        network: Network,
        listener: socket.socket,
        handshake: int,
    ) -> None:
        self._layout = layout
        self._nodes = nodes
        self._groups = groups
        self._network = network
        self._listener = listener
        self._handshake = handshake
        self._processes = ProcessTable()
        self._stopped: set[str] = set()
        self._cut: set[str] = set()
        self._connections: set[Connection] = set()
        self._selector = selectors.DefaultSelector()
        self._forks = ForkServer(self._watch, self._selector.unregister)
        self._operations: dict[str, Callable[[Connection, dict[str, Any]], dict[str, Any] | None]] = {
            "status": self._status,
            "list": self._list,
            "start": self._start,
            "start_module": self._start_module,
            "exec": self._exec,
            "signal": self._signal,
            "wait": self._wait,
            "node_stop": self._node_stop,
            "node_cut": self._node_cut,
            "node_start": self._node_start,
            "set_link": self._forward,
            "counters": self._forward,
            "reseed": self._forward,
            "overflows": self._overflows,
            "measure": self._measure,
            "shutdown": self._shutdown,
        }

    def run(self) -> None:
        """Serve for ever."""
        self._watch(self._listener, self._accept)
        self._watch(self._handshake, self._hear_handshake)
        self._watch(self._take_signals(), self._hear_signal)
        while True:
            for key, _ in self._selector.select():
                key.data()

    def _watch(self, source: Any, callback: Callable[[], None]) -> None:
        self._selector.register(source, selectors.EVENT_READ, callback)

    def _take_signals(self) -> socket.socket:
        reader, writer = socket.socketpair()
        for end in (reader, writer):
            end.setblocking(False)
        self._wakeup = (reader, writer)
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        for wanted in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(wanted, lambda *_: None)
        for unwanted in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(unwanted, signal.SIG_IGN)
        self._reap()
        return reader

    def _hear_handshake(self) -> None:
        if os.read(self._handshake, len(COMMIT)) != COMMIT:
            sys.exit("telcoai: the command that made this sandbox ended before it was ready")
        self._selector.unregister(self._handshake)
        os.close(self._handshake)

    def _hear_signal(self) -> None:
        if signal.SIGTERM in self._wakeup[0].recv(4096):
            sys.exit("telcoai: terminated")
        self._reap()

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._ended(pid, os.waitstatus_to_exitcode(status))

    def _ended(self, pid: int, code: int) -> None:
        if pid == self._network.pid:
            self._network.fail(code)
        process = self._processes.end(pid, code, expecting=self._forks.waiting > 0)
        if process is None:
            return
        for connection in self._connections:
            if connection.waits_for == process.id:
                connection.waits_for = connection.owns = None
                connection.send({"code": code})

    def _accept(self) -> None:
        try:
            sock, _ = self._listener.accept()
        except OSError:
            return  # the client is gone already, or too many descriptors are open for now
        connection = Connection(sock)
        self._connections.add(connection)
        self._watch(sock, lambda: self._hear(connection))

    def _hear(self, connection: Connection) -> None:
        try:
            data, fds, _, _ = socket.recv_fds(connection.sock, 65536, MOST_FDS)
            connection.fds += fds
            requests = connection.reader.feed(data) if data else []
        except (OSError, ProtocolError) as err:
            connection.send({"error": str(err)})
            data, requests = b"", []
        for request in requests:
            reply = self._answer(connection, request)
            connection.drop_fds()
            if reply is not None:
                connection.send(reply)
        if not data:
            self._forget(connection)

    def _forget(self, connection: Connection) -> None:
        self._selector.unregister(connection.sock)
        self._connections.discard(connection)
        connection.close()
        if connection.owns is not None:
            processes.kill(-self._processes.get(connection.owns).pid, signal.SIGKILL)

    def _answer(self, connection: Connection, request: dict[str, Any]) -> dict[str, Any] | None:
        operation = self._operations.get(str(request.get("op")))
        if operation is None:
            return {"error": f"there is no operation {request.get('op')!r}"}
        try:
            return operation(connection, request)
        except (ProtocolError, NetworkGone, OSError) as err:
            return {"error": str(err)}

    def _node(self, request: dict[str, Any]) -> tuple[str, NodeNamespaces]:
        name = text(request, "node")
        if name not in self._nodes:
            raise ProtocolError(f"there is no node {name!r}")
        return name, self._nodes[name]

    def _process(self, request: dict[str, Any]) -> Process:
        return self._processes.get(number(request, "id"))

    def _running_node(self, request: dict[str, Any]) -> tuple[str, NodeNamespaces]:
        name, node = self._node(request)
        if name in self._stopped:
            raise ProtocolError(f"node {name} is stopped")
        return name, node

    def _launch(self, request: dict[str, Any], stdio: tuple[int, ...]) -> Process:
        name, node = self._running_node(request)
        command = asked_command(request, name, stdio)
        with self._groups.opened(name) as cgroup:
            pid = processes.spawn(command, node, cgroup)
        return self._processes.add(name, _label(request, command), pid)

    def _start_module(self, connection: Connection, request: dict[str, Any], attempts: int = _FORK_ATTEMPTS) -> None:
        """Have the fork server start it; the reply is sent when that has reported."""
        name, node = self._running_node(request)
        order = ModuleOrder.asked(request, name)

        def tell(report: dict[str, Any]) -> None:
            if "pid" in report:
                process = self._processes.add(name, _label(request, order.command), report["pid"])
                connection.send({"id": process.id})
            elif "error" in report or attempts == 1:
                connection.send({"error": report.get("error", "the fork server ended, see supervisor.log")})
            else:
                self._forks.dismiss()
                self._retry(connection, request, attempts - 1)

        with self._groups.opened(name) as cgroup:
            self._forks.order(order.pack(), node, cgroup, tell)

    def _retry(self, connection: Connection, request: dict[str, Any], attempts: int) -> None:
        try:
            self._start_module(connection, request, attempts)
        except (ProtocolError, OSError) as err:  # the node may have been stopped meanwhile
            connection.send({"error": str(err)})

    def _start(self, _: Connection, request: dict[str, Any]) -> dict[str, Any]:
        return {"id": self._launch(request, ()).id}

    def _exec(self, connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
        if len(connection.fds) != 3:
            raise ProtocolError("exec needs three descriptors")
        process = self._launch(request, tuple(connection.fds))
        connection.waits_for = connection.owns = process.id
        return {"id": process.id}

    def _signal(self, _: Connection, request: dict[str, Any]) -> dict[str, Any]:
        process, wanted = self._process(request), number(request, "signal")
        if not 0 <= wanted < signal.NSIG:
            raise ProtocolError(f"there is no signal {wanted}")
        if process.code is None:
            processes.kill(-process.pid, wanted)
        return {}

    def _wait(self, connection: Connection, request: dict[str, Any]) -> dict[str, Any] | None:
        process = self._process(request)
        if process.code is not None:
            return {"code": process.code}
        connection.waits_for = process.id
        return None

    def _list(self, _: Connection, __: dict[str, Any]) -> dict[str, Any]:
        return {"processes": self._processes.rows()}

    def _node_cut(self, _: Connection, request: dict[str, Any]) -> dict[str, Any]:
        name, _node = self._node(request)
        self._network.ask({"op": "set_node", "node": name, "up": False})
        self._cut.add(name)
        return {}

    def _node_stop(self, connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
        name, node = self._node(request)
        self._node_cut(connection, request)
        self._stopped.add(name)
        namespaces.set_link_of(node, up=False)  # before the kill: a crashed node sends no FIN
        if not node.borrowed:
            processes.kill_node(node)
        return {}

    def _node_start(self, _: Connection, request: dict[str, Any]) -> dict[str, Any]:
        name, node = self._node(request)
        namespaces.set_link_of(node, up=True)
        self._stopped.discard(name)
        self._cut.discard(name)
        self._network.ask({"op": "set_node", "node": name, "up": True})
        return {}

    def _forward(self, _: Connection, request: dict[str, Any]) -> dict[str, Any]:
        return self._network.ask(request)

    def _overflows(self, _: Connection, __: dict[str, Any]) -> dict[str, Any]:
        return {"drops": namespaces.overflows(self._nodes)}

    def _measure(self, connection: Connection, request: dict[str, Any]) -> None:
        layout, nodes = self._layout, self._nodes
        if "ends" in request:  # between other places than the nodes themselves, whose namespaces came along
            layout, nodes = namespaces.other_ends(layout, nodes, request["ends"], connection.fds)
        reader = measure.fork(layout, nodes, request)
        parts: list[bytes] = []

        def hear() -> None:
            part = os.read(reader, 65536)
            if part:
                parts.append(part)
                return
            self._selector.unregister(reader)
            os.close(reader)
            connection.send(measure.reply(b"".join(parts)))

        self._watch(reader, hear)

    def _status(self, _: Connection, __: dict[str, Any]) -> dict[str, Any]:
        running = self._processes.running()
        return {
            "name": self._layout.name,
            "failure": self._network.failure,
            "unbounded": self._groups.problem,
            "nodes": [
                {"name": n.name, "address": n.address, "up": n.name not in self._cut, "processes": running[n.name]}
                for n in self._layout.nodes
            ],
        }

    def _shutdown(self, connection: Connection, _: dict[str, Any]) -> None:
        connection.send({})
        sys.exit(0)


def _label(request: dict[str, Any], command: Command) -> str:
    return text(request, "name", Path(command.argv[0]).name)
