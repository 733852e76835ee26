"""Where requests go: a server's address, and the network namespace from which it is reached."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from telcoai.emulation.linux import setns
from telcoai.errors import InputError


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server, resolved once. ``host`` is the Host header, ``path`` a prefix without its last slash."""

    family: int
    address: tuple[str, int]
    host: str
    path: str
    netns: str = ""

    def open_socket(self) -> socket.socket:
        """A stream socket, not blocking; it belongs to ``netns`` for good, wherever the process is later."""
        if not self.netns:
            return _socket(self.family)
        here = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            there = os.open(self.netns, os.O_RDONLY | os.O_CLOEXEC)
            try:
                setns(there)
            finally:
                os.close(there)
            try:
                return _socket(self.family)
            finally:
                setns(here)
        finally:
            os.close(here)


def resolve(url: str, netns: str = "") -> Endpoint:
    """The endpoint of ``http://host:port/prefix``; InputError when it isn't one or the name isn't known."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port or 80
    except ValueError as err:
        raise InputError(f"{url}: {err}") from err
    if parts.scheme != "http" or not parts.hostname:
        raise InputError(f"{url}: not an http address", "write http://HOST:PORT")
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except OSError as err:
        raise InputError(f"{url}: {parts.hostname} isn't known: {err.strerror}") from err
    family, _, _, _, address = min(found, key=lambda entry: entry[0])
    return Endpoint(family, (str(address[0]), int(address[1])), parts.netloc, parts.path.rstrip("/"), netns)


def _socket(family: int) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setblocking(False)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened
