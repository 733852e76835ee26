"""What can keep a host from having sandboxes, each with its fix, in words shared by ``up`` and ``doctor``."""

from __future__ import annotations

import errno
import os
import sys

from telcoai.emulation import linux

TUN_MISSING = f"{linux.TUN_PATH} doesn't exist: load the module with `sudo modprobe tun`"
TUN_FORBIDDEN = f"{linux.TUN_PATH} may not be opened: allow it with `sudo chmod 666 {linux.TUN_PATH}`, or run as root"
USER_NAMESPACES = (
    "user namespaces are not allowed here: allow them with "
    "`sudo sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000 "
    "kernel.apparmor_restrict_unprivileged_userns=0` (those of them that exist), or run as root"
)


def tun_problem() -> str | None:
    """Why TUN devices can't be made, and the fix; None when they can."""
    try:
        os.close(os.open(linux.TUN_PATH, os.O_RDWR | os.O_CLOEXEC))
    except FileNotFoundError:
        return TUN_MISSING
    except OSError as err:
        return TUN_MISSING if err.errno in (errno.ENODEV, errno.ENXIO) else TUN_FORBIDDEN
    return None


def namespace_problem() -> str | None:
    """Why namespaces can't be made, and the fix; None when they can."""
    if sys.platform != "linux":
        return "virtual hosts need Linux: use a Linux machine or virtual machine"
    if linux.may_administer():
        return None
    child = os.fork()
    if child == 0:
        try:
            linux.unshare(linux.CLONE_NEWUSER | linux.CLONE_NEWNS)
            linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
        except OSError:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return USER_NAMESPACES if status else None


def hint_for(err: OSError) -> str:
    """What to try after a sandbox couldn't be made."""
    if problem := tun_problem():
        return problem
    if err.errno == errno.EMFILE:
        return "raise the limit on open files: `ulimit -n 65536`"
    if err.errno in (errno.EPERM, errno.EACCES, errno.ENOSPC, errno.EUSERS):
        return USER_NAMESPACES
    return ""
