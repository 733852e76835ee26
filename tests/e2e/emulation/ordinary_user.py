"""Runs Python as uid 65534 (root only): ``python ordinary_user.py ARGUMENTS``.

In a mount namespace of its own, so that the host sees none of it: a /dev/net/tun that everyone may open, as usual
distributions have it, and ways to the interpreter and the checkout where they lie under a folder closed to others.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path

from telcoai.emulation import linux

NOBODY = 65534


def open_tun_to_all(folder: Path) -> None:
    """Put a device node of mode 0666 over /dev/net/tun."""
    linux.mount("tmpfs", str(folder), "tmpfs")
    node = folder / "tun"
    os.mknod(node, stat.S_IFCHR | 0o666, os.makedev(10, 200))
    node.chmod(0o666)
    linux.mount(str(node), linux.TUN_PATH, flags=linux.MS_BIND)


def open_way(paths: list[Path], folder: Path) -> None:
    """Replace a closed folder above ``paths`` by an open one that holds nothing but them."""
    closed = {p for path in paths for p in path.parents if not p.stat().st_mode & stat.S_IXOTH}
    for top in sorted(closed):
        inside = [path for path in paths if top in path.parents]
        for number, path in enumerate(inside):
            (folder / str(number)).mkdir(exist_ok=True)
            linux.mount(str(path), str(folder / str(number)), flags=linux.MS_BIND | linux.MS_REC)
        linux.mount("tmpfs", str(top), "tmpfs")
        top.chmod(0o755)
        for number, path in enumerate(inside):
            path.mkdir(parents=True, exist_ok=True)
            linux.mount(str(folder / str(number)), str(path), flags=linux.MS_BIND | linux.MS_REC)
        return


def main() -> None:
    """Prepare, change user, run."""
    linux.unshare(linux.CLONE_NEWNS)
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    device, ways = Path(tempfile.mkdtemp()), Path(tempfile.mkdtemp())
    open_tun_to_all(device)
    open_way([Path(sys.base_prefix).resolve(), Path(__file__).resolve().parents[3]], ways)
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    os.environ["HOME"] = "/tmp"
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])


if __name__ == "__main__":
    main()
