"""The rate that a demand comes to."""

from __future__ import annotations

from telcoai.load.trace import read_trace
from telcoai.model.scenario import Demand


def highest_rate_per_s(demand: Demand) -> float:
    """Requests a second at the highest that the demand's rate ever is; of a trace, on average up to its last one."""
    if demand.arrival == "ramp":
        return max(demand.rate_per_s, demand.parameters["to_per_s"])
    if demand.arrival == "diurnal":
        return demand.rate_per_s * (1 + demand.parameters["amplitude"])
    if demand.arrival == "trace":
        times = read_trace(demand.trace)
        return len(times) / float(times[-1]) if len(times) and times[-1] > 0 else float(len(times))
    return demand.rate_per_s
