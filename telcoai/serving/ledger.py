"""How long a request spent on each hop, for people (Server-Timing) and for machines (telcoai-timing)."""

from __future__ import annotations

from dataclasses import dataclass

TIMING = "telcoai-timing"
TOTAL = "telcoai-total"
SERVER_TIMING = "server-timing"


@dataclass(slots=True)
class Ledger:
    """One hop's part of a request; times in ns, bytes as they went over the connection to the next hop.

    ``compute_ns``: how long the request was on a core, alone or in a batch. ``core_ns``: its share of that core's time,
    the same when it was alone; shares of a batch add up to the time in which it held the core.
    """

    node: str
    queue_ns: int = 0
    compute_ns: int = 0
    core_ns: int = 0
    network_ns: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    has_overrun: bool = False
    has_replayed: bool = False
    downstream: str = ""
    downstream_server_timing: str = ""

    def headers(self, total_ns: int) -> dict[str, str]:
        """Reply headers: this hop's entry, those of the hops after it, and this hop's own total time."""
        return {
            SERVER_TIMING: _joined(self._for_people(), self.downstream_server_timing),
            TIMING: _joined(self._for_machines(), self.downstream),
            TOTAL: str(total_ns),
        }

    def add_reply(self, headers: dict[str, str], elapsed_ns: int) -> None:
        """Take in the next hop's reply: the network's share is what that hop did not spend itself."""
        total = headers.get(TOTAL, "")
        spent_ns = int(total) if total.isascii() and total.isdigit() else 0
        self.network_ns += max(0, elapsed_ns - spent_ns)
        self.downstream = headers.get(TIMING, "")
        self.downstream_server_timing = headers.get(SERVER_TIMING, "")

    def _for_machines(self) -> str:
        entry = (
            f"{self.node} q={self.queue_ns} c={self.compute_ns} n={self.network_ns} "
            f"b={self.sent_bytes} r={self.received_bytes}"
        )
        entry += f" s={self.core_ns}" if self.core_ns != self.compute_ns else ""
        return entry + (" over=1" if self.has_overrun else "") + (" rep=1" if self.has_replayed else "")

    def _for_people(self) -> str:
        parts = (("queue", self.queue_ns), ("compute", self.compute_ns), ("network", self.network_ns))
        return ", ".join([f"{self.node}-{part};dur={ns / 1e6:.3f}" for part, ns in parts])


def _joined(own: str, downstream: str) -> str:
    return f"{own}, {downstream}" if downstream else own
