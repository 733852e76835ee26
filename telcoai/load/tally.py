"""Figures of a load on a server: all latencies kept, quantiles exact."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from telcoai.load.client import Exchange
from telcoai.load.quantiles import quantile


@dataclass(frozen=True, slots=True)
class LoadResult:
    """Figures so far, or at the end. Latency counts from the scheduled time, over requests answered 2xx; NaN: none.

    ``rate_per_s``: answered 2xx a second. ``lag_p99_ms``: how late requests were sent; when it is more than a few ms
    the driver was saturated, and the figures are its own, not the server's.
    """

    elapsed_s: float
    scheduled: int
    sent: int
    statuses: Mapping[str, int]
    rate_per_s: float
    p50_ms: float
    p90_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    lag_p99_ms: float
    interrupted: bool = False

    @property
    def done(self) -> int:
        """Requests that are over, whatever became of them."""
        return sum(self.statuses.values())

    @property
    def errors(self) -> int:
        """Requests that are over and were not answered 2xx."""
        return self.done - answered(self.statuses)


def answered(statuses: Mapping[str, int]) -> int:
    """How many were answered 2xx."""
    return sum(count for status, count in statuses.items() if status.startswith("2"))


class Tally:
    """Collects exchanges; 16 bytes a request."""

    def __init__(self, scheduled: int, start_ns: int) -> None:
        self._scheduled = scheduled
        self._start_ns = start_ns
        self._statuses: Counter[str] = Counter()
        self._latency_ns = array("q")
        self._lag_ns = array("q")

    def add(self, exchange: Exchange) -> None:
        """Count an exchange that is over."""
        self._statuses[exchange.status] += 1
        if exchange.sent_ns >= 0:
            self._lag_ns.append(exchange.sent_ns - exchange.scheduled_ns)
        if exchange.status.startswith("2"):
            self._latency_ns.append(exchange.done_ns - exchange.scheduled_ns)

    def result(self, sent: int, now_ns: int, latest: int = 0, interrupted: bool = False) -> LoadResult:
        """The figures at ``now_ns``; quantiles over the ``latest`` requests only, when that isn't 0."""
        latency_ms = np.sort(np.array(self._latency_ns[-latest:], np.float64) / 1e6).tolist()
        lag_ms = np.sort(np.array(self._lag_ns[-latest:], np.float64) / 1e6).tolist()
        elapsed_s = max((now_ns - self._start_ns) / 1e9, 0.0)
        p50, p90, p95, p99, most = (quantile(latency_ms, percent) for percent in (50, 90, 95, 99, 100))
        return LoadResult(
            elapsed_s=elapsed_s,
            scheduled=self._scheduled,
            sent=sent,
            statuses=dict(sorted(self._statuses.items())),
            rate_per_s=answered(self._statuses) / elapsed_s if elapsed_s else 0.0,
            p50_ms=p50,
            p90_ms=p90,
            p95_ms=p95,
            p99_ms=p99,
            max_ms=most,
            lag_p99_ms=quantile(lag_ms, 99),
            interrupted=interrupted,
        )
