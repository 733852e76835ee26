"""Whether the compute that requests report is the compute that nodes did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from telcoai.energy.account import EnergyResult


@dataclass(frozen=True, slots=True)
class NodeCheck:
    """Core-seconds of one node: from the requests' rows, and from the runtime's own counter."""

    node: str
    from_requests_s: float
    from_runtime_s: float

    @property
    def difference(self) -> float:
        """Share by which they differ, of the greater one; 0 when both are 0."""
        most = max(self.from_requests_s, self.from_runtime_s)
        return abs(self.from_requests_s - self.from_runtime_s) / most if most > 0 else 0.0


def cross_check(result: EnergyResult, busy_core_ns: Mapping[str, int]) -> tuple[NodeCheck, ...]:
    """Compare for each node with a counter (``busy_core_ns``: its growth over the rows accounted for).

    The runtime's figure is the greater one when answers never came back (timed out, crashed): their compute is in no
    row.
    """
    counted = {row.node: row.busy_core_s for row in result.rows if row.component == "compute"}
    return tuple(NodeCheck(node, counted.get(node, 0.0), ns / 1e9) for node, ns in sorted(busy_core_ns.items()))
