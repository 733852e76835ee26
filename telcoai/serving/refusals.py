"""Requests that are not served, as data for the reply."""

from __future__ import annotations

from telcoai.errors import TelcoaiError


class Refused(TelcoaiError):
    """A request gets this HTTP status and message. ``dead_hop`` names the hop that did not answer, if one did not."""

    def __init__(self, status: int, message: str, dead_hop: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.dead_hop = dead_hop


class Dropped(Refused):
    """The plan in force doesn't admit the request."""


class Malformed(Refused):
    """What came is not HTTP, or is past a limit: the connection can't go on after the reply."""
