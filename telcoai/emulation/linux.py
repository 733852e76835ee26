"""The few Linux calls that Python 3.11 lacks: namespaces, mounts, TUN devices, interface set-up, timerfd."""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import threading
from contextlib import suppress
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000

_LAST = 10
_FIRST = -20
"""Nice value. Real-time priority keeps time better still, but halves the packets per second."""
_PR_SET_NAME, _PR_SET_TIMERSLACK = 15, 29
_CAP_SYS_ADMIN = 21
_ARG_START, _ARG_END = 45, 46
"""Of what follows the name in /proc/PID/stat: the addresses of the command line."""

_TFD_NONBLOCK_CLOEXEC = 0o4000 | 0o2000000
_TFD_TIMER_ABSTIME = 1
_CLOCK_MONOTONIC = 1

_TUNSETIFF, _TUNSETPERSIST = 0x400454CA, 0x400454CB
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_IFF_UP, _IFF_RUNNING = 0x1, 0x40
_SIOCGIFFLAGS, _SIOCSIFFLAGS = 0x8913, 0x8914
_SIOCSIFADDR, _SIOCSIFNETMASK = 0x8916, 0x891C
_SIOCSIFMTU = 0x8922

TUN_PATH = "/dev/net/tun"
INTERFACE = "telcoai0"

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def unshare(flags: int) -> None:
    """Move the calling process into new namespaces."""
    _checked(_libc.unshare(flags), "unshare")


def setns(fd: int) -> None:
    """Enter the namespace that ``fd`` refers to."""
    _checked(_libc.setns(fd, 0), "setns")


def mount(source: str, target: str, kind: str = "", flags: int = 0) -> None:
    """mount(2) without data."""
    result = _libc.mount(source.encode(), target.encode(), kind.encode() or None, flags, None)
    _checked(result, f"mount {source or kind} on {target}")


def sethostname(name: str) -> None:
    """Set the UTS name of the calling process's namespace (at most 64 bytes)."""
    data = name.encode()[:64]
    _checked(_libc.sethostname(data, len(data)), "sethostname")


def name_process(name: str) -> None:
    """Set the name shown by ``ps`` (15 characters)."""
    _checked(_libc.prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0), "prctl")


def set_command_line(argv: list[str]) -> None:
    """Overwrite what ``ps`` shows as the command line, in the space that the present one takes (cut if longer).

    The kernel reads it from the process's own memory; only moving it elsewhere would take a privilege.
    """
    fields = Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()
    start, end = (int(fields[index]) for index in (_ARG_START, _ARG_END))
    line = b"\0".join(os.fsencode(word) for word in argv)[: end - start - 1]
    ctypes.memmove(start, line.ljust(end - start, b"\0"), end - start)


def sharpen_timers() -> None:
    """Ask for 1 ns instead of 50 µs of timer slack for the calling thread."""
    _checked(_libc.prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0), "prctl")


def run_first() -> None:
    """Let the calling process run before ordinary ones, where that is allowed (as root), so that it keeps time.

    Where the kernel groups processes by session (autogroup), a process's niceness counts within its session only, and
    the session's own says how it stands to others. The calling process must lead its session.
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, _FIRST)
        Path("/proc/self/autogroup").write_text(str(_FIRST))


def run_at_once() -> None:
    """Let the calling process run the moment it wakes up, where that is allowed (as root). It must use little CPU."""
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def step_back() -> None:
    """Let the calling thread run after the other threads of its session."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LAST)


def may_administer() -> bool:
    """True when the process has CAP_SYS_ADMIN, so that namespaces need no user namespace around them."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _CAP_SYS_ADMIN & 1)
    return False


def map_to_root(uid: int, gid: int) -> None:
    """Make ``uid``/``gid`` root in the user namespace that was just unshared."""
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"0 {gid} 1")


def open_tun(*, stays: bool = True) -> int:
    """Make the TUN device ``INTERFACE`` in the current network namespace; its descriptor, not blocking.

    A device that ``stays`` ends with the namespace and not with the descriptor: the kernel removes a hundred
    namespaces' devices in one go, but takes 30 ms for each that is closed.
    """
    fd = os.open(TUN_PATH, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.ioctl(fd, _TUNSETIFF, struct.pack("16sH22x", INTERFACE.encode(), _IFF_TUN | _IFF_NO_PI))
        if stays:
            fcntl.ioctl(fd, _TUNSETPERSIST, 1)
    except OSError:
        os.close(fd)
        raise
    return fd


def configure_interface(address: str, netmask: str, mtu: int) -> None:
    """Give ``INTERFACE`` in the current network namespace its address and MTU (bytes), and bring it up."""
    with _ioctl_socket() as sock:
        _interface_ioctl(sock, _SIOCSIFADDR, _sockaddr(address))
        _interface_ioctl(sock, _SIOCSIFNETMASK, _sockaddr(netmask))
    raise_interface(mtu)


def raise_interface(mtu: int) -> None:
    """Set the MTU (bytes) of ``INTERFACE`` in the current network namespace, and bring it up."""
    with _ioctl_socket() as sock:
        _interface_ioctl(sock, _SIOCSIFMTU, struct.pack("i20x", mtu))
    set_interface(INTERFACE, up=True)


def set_interface(name: str, *, up: bool) -> None:
    """Bring an interface of the current network namespace up or down."""
    with _ioctl_socket() as sock:
        request = struct.pack("16s24x", name.encode())
        (flags,) = struct.unpack_from("H", fcntl.ioctl(sock, _SIOCGIFFLAGS, request), 16)
        flags = flags | _IFF_UP | _IFF_RUNNING if up else flags & ~_IFF_UP
        fcntl.ioctl(sock, _SIOCSIFFLAGS, struct.pack("16sH22x", name.encode(), flags))


def _ioctl_socket() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def _interface_ioctl(sock: socket.socket, request: int, argument: bytes) -> None:
    fcntl.ioctl(sock, request, struct.pack("16s", INTERFACE.encode()) + argument)


def _sockaddr(address: str) -> bytes:
    return struct.pack("HH4s16x", socket.AF_INET, 0, socket.inet_aton(address))


class Timer:
    """A timerfd on CLOCK_MONOTONIC; readable once its absolute time has come."""

    def __init__(self) -> None:
        self.fd = _checked(_libc.timerfd_create(_CLOCK_MONOTONIC, _TFD_NONBLOCK_CLOEXEC), "timerfd_create")
        self._spec = (ctypes.c_int64 * 4)()
        self._argument = ctypes.byref(self._spec)
        self._settime = _libc.timerfd_settime

    def set(self, when_ns: int) -> None:
        """Fire at ``when_ns`` of time.monotonic_ns()."""
        self._spec[2], self._spec[3] = divmod(max(when_ns, 1), 1_000_000_000)
        self._settime(self.fd, _TFD_TIMER_ABSTIME, self._argument, None)

    def clear(self) -> None:
        """Take note that it fired."""
        try:
            os.read(self.fd, 8)
        except BlockingIOError:
            return
