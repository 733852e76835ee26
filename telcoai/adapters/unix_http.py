"""HTTP to a server that listens on a Unix socket."""

from __future__ import annotations

import http.client
import json
import os
import socket
from pathlib import Path
from typing import Any

from telcoai.errors import NodeError


class UnixConnection(http.client.HTTPConnection):
    """An ``http.client`` connection whose other end is a Unix socket; long paths are fine."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("node", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        """Connect through a descriptor of the socket's folder, since a socket path is limited to 107 bytes."""
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.sock.settimeout(self.timeout)
            self.sock.connect(f"/proc/self/fd/{folder}/{self._path.name}")
        finally:
            os.close(folder)


def request_json(
    path: Path, method: str, target: str, *, token: str, body: object = None, timeout_s: float = 2.0
) -> Any:
    """One request; returns the decoded JSON reply (None when empty).

    Raises NodeError when the socket is dead, slow, or answers anything but 2xx; the reply's own words are in it.
    """
    connection = UnixConnection(path, timeout_s)
    headers = {"authorization": f"Bearer {token}"}
    data = None if body is None else json.dumps(body).encode()
    if data is not None:
        headers["content-type"] = "application/json"
    try:
        connection.request(method, target, body=data, headers=headers)
        reply = connection.getresponse()
        raw = reply.read()
    except (OSError, http.client.HTTPException) as err:
        raise NodeError(f"{method} {target} at {path.stem}: {err or type(err).__name__}") from err
    finally:
        connection.close()
    if reply.status // 100 != 2:
        raise NodeError(f"{method} {target} at {path.stem}: {reply.status} {raw.decode(errors='replace')[:500]}")
    return json.loads(raw) if raw else None
