"""This machine as another one: an sshd of the test's own on loopback, with keys of its own."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
SETTINGS = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/key.pub
PidFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
"""
PYTHON = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
"""Without the libraries of this environment, as on another machine."""


@contextmanager
def machine(folder: Path) -> Iterator[Path]:
    """An inventory whose host ``board`` is reached over SSH."""
    assert SSHD is not None
    for name in ("host_key", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    Path("/run/sshd").mkdir(exist_ok=True)  # where sshd shuts itself in when root starts it
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "sshd_config").write_text(SETTINGS.format(port=port, folder=folder))
    (folder / "known").write_text(f"[127.0.0.1]:{port} {(folder / 'host_key.pub').read_text()}")
    inventory = folder / "hosts.ini"
    inventory.write_text(
        f"[device]\nboard ansible_host=127.0.0.1 ansible_port={port}\n[all:vars]\n"
        f"ansible_python_interpreter={PYTHON}\nansible_ssh_private_key_file={folder / 'key'}\n"
        f"ansible_ssh_common_args='-o UserKnownHostsFile={folder / 'known'} -o StrictHostKeyChecking=yes'\n"
    )
    command = [SSHD, "-f", str(folder / "sshd_config"), "-D", "-E", str(folder / "sshd.log")]
    process = subprocess.Popen(command)
    try:
        _await(port, process)
        yield inventory
    finally:
        process.terminate()
        process.wait(10)


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"sshd doesn't listen on {port} (exit code {process.poll()})")
