"""What a strategy prints, kept from the standard output: that is for results alone."""

from __future__ import annotations

import sys
import threading
from typing import Any, TextIO

MOST_CHARACTERS = 2000
"""Kept of what one thread prints between two looks."""


class Printed:
    """What one thread has printed; written by that thread, taken by another."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._lock = threading.Lock()

    def add(self, text: str) -> None:
        """Keep the text as far as there is room."""
        with self._lock:
            room = MOST_CHARACTERS - sum(map(len, self._parts))
            if room > 0:
                self._parts.append(text[:room])

    def take(self) -> str:
        """What came since the last time, without the space around it."""
        with self._lock:
            text = "".join(self._parts).strip()
            self._parts.clear()
        return text


class ByThread:
    """Stands in for the standard output: what threads that are kept from it write goes to their ``Printed``.

    All else goes through. ``contextlib.redirect_stdout`` would take every thread's output, and that of a thread which
    is late would come through once the redirection ends.
    """

    def __init__(self, real: TextIO) -> None:
        self._real = real
        self._kept: dict[int, Printed] = {}

    def keep(self, printed: Printed) -> None:
        """From now on what the calling thread writes goes here."""
        self._kept[threading.get_ident()] = printed

    def release(self) -> None:
        """The calling thread ends: its number may be given to another one."""
        self._kept.pop(threading.get_ident(), None)

    def write(self, text: str) -> int:
        """To the calling thread's ``Printed``, else to the real output."""
        printed = self._kept.get(threading.get_ident())
        if printed is None:
            return self._real.write(text)
        printed.add(text)
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """As ``write``."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def by_thread() -> ByThread:
    """The stand-in for the standard output, put there unless it is: it stays, since threads may be late for ever."""
    now: Any = sys.stdout
    if isinstance(now, ByThread):
        return now
    stand_in = ByThread(now)
    sys.stdout = stand_in
    return stand_in
