"""The assignment of all devices at once as a mixed-integer linear program, where nobody waits for anybody.

Solved by HiGHS through ``scipy.optimize.milp`` to a relative gap of 1e-3 (the linearised assignment that model-serving
systems solve, as in Proteus, ASPLOS'24). Every device of every service does exactly one thing; nodes and links are used
to 95 % at most:

    min  sum_r rate_r · joules_r · x_r  +  penalties      over x_r in {0, 1}
    s.t. sum_{r of job j} x_r = 1                          for each job j
         sum_r rate_r · seconds_r,k · x_r <= 0.95 · c_k + s_k,  s_k >= 0    for each node and link k with c_k servers

Only what keeps the accuracy, the deadline without any waiting and the energy budget may be done; where nothing does,
latency is made small instead, at a price above any energy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from telcoai.strategy.choices import Choices, Resource, Row
from telcoai.strategy.greedy import Job
from telcoai.strategy.joules import Powers
from telcoai.strategy.queueing import KNEE
from telcoai.strategy.sites import Sites

GAP = 1e-3
LONGEST_S = 20.0
LATE_J_PER_S = 1e3
"""Price of a second of latency where the deadline can't be met: above any energy of a request."""
OVER_J_PER_S = 1e6
"""Price of using a core or a link for longer than there is time."""


@dataclass(frozen=True)
class Solution:
    """The row chosen for each job that has some, by its number, and the least joules a second, penalties included."""

    rows: Mapping[int, Row]
    value: float
    gap: float


def solve(jobs: Sequence[Job], sites: Sites, powers: Powers) -> Solution:
    """The least joules a second for all jobs together."""
    choices = Choices(sites, powers)
    rows = [row for number, job in enumerate(jobs) for row in choices.rows(number, job)]
    if not rows:
        return Solution({}, 0.0, 0.0)
    rates = np.array([jobs[row.job].rate_per_s for row in rows])
    costs = np.array([_price(row, jobs[row.job]) for row in rows])
    resources = list(dict.fromkeys(key for row in rows for key in row.takes))
    chosen, value, gap = _milp(rows, rates * costs, rates, resources, [_servers(key, sites) for key in resources])
    return Solution({row.job: row for row in chosen}, value, gap)


def _milp(
    rows: list[Row], costs: np.ndarray, rates: np.ndarray, resources: list[Resource], servers: list[int]
) -> tuple[list[Row], float, float]:
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array, hstack, identity

    places = {key: number for number, key in enumerate(resources)}
    held = [(places[key], column, rates[column] * s) for column, row in enumerate(rows) for key, s in row.takes.items()]
    k, c, s = (np.array(part) for part in zip(*held, strict=True)) if held else (np.empty(0),) * 3
    use = coo_array((s, (k, c)), shape=(len(resources), len(rows)))
    jobs = {number: place for place, number in enumerate(dict.fromkeys(row.job for row in rows))}
    one = coo_array((np.ones(len(rows)), ([jobs[row.job] for row in rows], range(len(rows)))), dtype=float)
    slack = identity(len(resources))
    none = coo_array((one.shape[0], len(resources)))
    constraints = [
        LinearConstraint(hstack([one, none]).tocsr(), 1, 1),
        LinearConstraint(hstack([use, -slack]).tocsr(), -np.inf, KNEE * np.array(servers, float)),
    ]
    result = milp(
        np.concatenate([costs, np.full(len(resources), OVER_J_PER_S)]),
        constraints=constraints,
        integrality=np.concatenate([np.ones(len(rows)), np.zeros(len(resources))]),
        bounds=Bounds(0, np.concatenate([np.ones(len(rows)), np.full(len(resources), np.inf)])),
        options={"mip_rel_gap": GAP, "time_limit": LONGEST_S},
    )
    if result.x is None:
        raise ArithmeticError(f"HiGHS: {result.message}")
    taken = [row for row, x in zip(rows, result.x, strict=False) if x > 0.5]
    return taken, float(result.fun), float(result.mip_gap or 0.0)


def _price(row: Row, job: Job) -> float:
    deadline_ms = job.service.requirements.deadline_ms
    late_s = 0.0 if deadline_ms is None else max(0.0, row.tail_s - deadline_ms / 1e3)
    return row.joules + LATE_J_PER_S * job.service.requirements.weight * late_s


def _servers(resource: Resource, sites: Sites) -> int:
    return sites.profile(resource[1]).cores if resource[0] == "node" else 1
