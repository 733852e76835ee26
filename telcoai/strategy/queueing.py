"""How long work waits for a node's core or a link, from the load on it."""

from __future__ import annotations

KNEE = 0.95
"""Utilisation above which the stationary formula gives way to growth in proportion to the overload."""

HORIZON_S = 10.0
"""Over how long an overload is taken to last: its backlog grows by (utilisation - 1) seconds a second meanwhile."""


def wait_s(utilisation: float, service_s: float, servers: int = 1) -> float:
    """Mean wait of M/G/c in seconds, never falling in ``utilisation`` and finite; ``service_s`` is E[S²] / E[S].

    Exact for one server (Pollaczek and Khinchine); for more, M/M/c's wait times (1 + squared variation) / 2, the usual
    approximation, which for constant service halves it:
    C(c, a) · service / (2 c (1 - utilisation)), with C Erlang's probability of waiting. Above the knee, the backlog of
    an overload, averaged over the horizon, is added.
    """
    if service_s <= 0 or utilisation <= 0:
        return 0.0
    steady = min(utilisation, KNEE)
    wait = erlang_c(servers, steady * servers) * service_s / (2 * servers * (1 - steady))
    return wait + max(0.0, utilisation - KNEE) * HORIZON_S / 2


def erlang_c(servers: int, offered: float) -> float:
    """Probability that an arrival waits in M/M/c; ``offered`` load in Erlang below ``servers``.

    From Erlang B by its recursion B(n) = a B(n-1) / (n + a B(n-1)), then C = B / (1 - u (1 - B)) with u = a / c.
    """
    blocked = 1.0
    for count in range(1, servers + 1):
        blocked = offered * blocked / (count + offered * blocked)
    return blocked / (1 - offered / servers * (1 - blocked))


def ahead(dispersion: float, share: float, servers: int) -> float:
    """How many services of its own burst a request waits for on average, when ``share`` of requests come here.

    Requests of an index of dispersion d are taken for bursts that come by Poisson, with a geometric number in each
    (compound Poisson): one has (d - 1) / 2 of its own burst ahead of it on average, and where these take turns at c
    servers, one service for every c of them. Of requests thinned to a share s the index is 1 + s (d - 1).
    """
    mean = share * max(0.0, dispersion - 1) / 2
    queued = (mean / (1 + mean)) ** servers
    return queued / (1 - queued)


def backlog_wait_s(backlog_s: float, period_s: float) -> float:
    """Mean wait that a backlog adds to those who arrive during the next period, in seconds.

    ``backlog_s`` is the time in which the node works it off, and it shrinks by a second a second meanwhile.
    """
    if backlog_s <= period_s:
        return backlog_s * backlog_s / (2 * period_s)
    return backlog_s - period_s / 2
