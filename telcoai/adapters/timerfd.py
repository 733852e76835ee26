"""Linux timerfd: a timer that event loops can wait for, exact to tens of microseconds.

asyncio and uvloop round their own timers to a millisecond; Python has timerfd only from 3.13 on.
"""

from __future__ import annotations

import ctypes
import os
import time

CLOEXEC_NONBLOCK = os.O_CLOEXEC | os.O_NONBLOCK
ABSOLUTE = 1


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Setting(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


class TimerFd:
    """One timer on CLOCK_MONOTONIC; ``fd`` becomes readable when it goes off."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.fd: int = self._libc.timerfd_create(time.CLOCK_MONOTONIC, CLOEXEC_NONBLOCK)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._setting = _Setting()

    def set(self, at_ns: int) -> None:
        """Go off at ``at_ns`` (``time.monotonic_ns``), at once when that has passed; replaces the time set before."""
        value = self._setting.value
        value.seconds, value.nanoseconds = divmod(max(at_ns, 1), 1_000_000_000)
        if self._libc.timerfd_settime(self.fd, ABSOLUTE, ctypes.byref(self._setting), None) != 0:
            raise OSError(ctypes.get_errno(), "timerfd_settime")

    def clear(self) -> None:
        """Take note that it went off, so that ``fd`` is no longer readable."""
        try:
            os.read(self.fd, 8)
        except BlockingIOError:
            return

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self.fd)
