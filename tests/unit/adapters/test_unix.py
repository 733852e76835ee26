from __future__ import annotations

import socket
from pathlib import Path

import pytest

from telcoai.adapters.unix import LIMIT, short_path


@pytest.mark.parametrize("depth", [0, 3])
def test_sockets_bind_and_connect_at_paths_of_any_length(tmp_path: Path, depth: int) -> None:
    folder = tmp_path.joinpath(*["a-folder-with-a-rather-long-name-for-this-test"] * depth)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "n.sock"
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        with short_path(path) as name:
            assert len(name.encode()) <= LIMIT
            server.bind(name)
        server.listen()
        with short_path(path) as name:
            client.connect(name)
    assert path.is_socket()
