"""What a node has done since its start: counters for the orchestrator and for Prometheus."""

from __future__ import annotations

import secrets
import time
from bisect import bisect_left
from collections import Counter, deque
from typing import Any

from telcoai.serving.cores import Cores
from telcoai.serving.radio import Radio
from telcoai.serving.residency import Residency

RECENT = 256
BOUNDS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)


class Stats:
    """Cumulative counters, and the latencies of recent answers."""

    def __init__(self, node: str, cores: Cores, residency: Residency | None = None, radio: Radio | None = None) -> None:
        self._residency = residency
        self._node = node
        self._cores = cores
        self.radio = radio or Radio(0)
        self._instance = secrets.token_hex(8)
        self.arrivals: Counter[str] = Counter()
        self.answers: Counter[int] = Counter()
        self.overruns = 0
        self.late_calls = 0
        self.stage_calls = 0
        self.replayed_calls = 0
        self.batches = 0
        self.batched = 0
        self._latency_ms: dict[str, deque[float]] = {}
        self._buckets: dict[str, list[int]] = {}
        self._sums_ms: dict[str, float] = {}

    def add_latency(self, service: str, ms: float) -> None:
        """Count an answer of a service that was asked of this node itself."""
        if service not in self._latency_ms:
            self._latency_ms[service] = deque(maxlen=RECENT)
            self._buckets[service] = [0] * (len(BOUNDS_MS) + 1)
        self._latency_ms[service].append(ms)
        self._buckets[service][bisect_left(BOUNDS_MS, ms)] += 1
        self._sums_ms[service] = self._sums_ms.get(service, 0.0) + ms

    def document(self) -> dict[str, Any]:
        """The figures that ``/stats`` answers; ``instance`` tells one start of the runtime from the next."""
        now_ns = time.monotonic_ns()
        return {
            "node": self._node,
            "instance": self._instance,
            "now_ns": now_ns,
            "cpu_ns": time.process_time_ns(),
            "cores": self._cores.count,
            "busy_core_ns": self._cores.busy_ns,
            "queue": self._cores.queued,
            "sent_bytes": self.radio.sent_bytes,
            "received_bytes": self.radio.received_bytes,
            "connected_ns": self.radio.connected_ns(now_ns),
            "arrivals": dict(self.arrivals),
            "answers": {str(status): count for status, count in self.answers.items()},
            "overruns": self.overruns,
            "late_calls": self.late_calls,
            "stage_calls": self.stage_calls,
            "replayed_calls": self.replayed_calls,
            "batches": self.batches,
            "batched": self.batched,
            "answered": {service: sum(counts) for service, counts in self._buckets.items()},
            "memory": self._residency.document() if self._residency else None,
            "latency_ms": {service: list(values) for service, values in self._latency_ms.items()},
        }

    def prometheus(self) -> str:
        """The figures in Prometheus' text format."""
        lines = [
            *_family("telcoai_cores", "gauge", "Cores of the node", [("", self._cores.count)]),
            *_family("telcoai_queue", "gauge", "Requests that wait for a core", [("", self._cores.queued)]),
            *_family("telcoai_busy_core_seconds_total", "counter", "Core-time held", [("", self._cores.busy_ns / 1e9)]),
            *_family("telcoai_stage_calls_total", "counter", "Stages run or replayed", [("", self.stage_calls)]),
            *_family("telcoai_replayed_calls_total", "counter", "Stages replayed", [("", self.replayed_calls)]),
            *_family("telcoai_batches_total", "counter", "Batches begun", [("", self.batches)]),
            *_family("telcoai_batched_total", "counter", "Requests that began in a batch", [("", self.batched)]),
            *_family("telcoai_overruns_total", "counter", "Stages slower than their pace", [("", self.overruns)]),
            *_family("telcoai_late_calls_total", "counter", "Paced stages over 1 ms late", [("", self.late_calls)]),
            *_family("telcoai_model_loads_total", "counter", "Stages loaded", [("", self._loads)]),
            *_family("telcoai_arrivals_total", "counter", "Requests of a service", _labelled("service", self.arrivals)),
            *_family("telcoai_answers_total", "counter", "Answers by status", _labelled("status", self.answers)),
            *self._histogram("telcoai_latency_seconds"),
        ]
        return "\n".join(lines) + "\n"

    @property
    def _loads(self) -> int:
        return self._residency.loads if self._residency else 0

    def _histogram(self, name: str) -> list[str]:
        lines = [f"# HELP {name} From a request's arrival to its answer, of answers 200", f"# TYPE {name} histogram"]
        for service, counts in self._buckets.items():
            total = 0
            for bound, count in zip((*(f"{ms / 1e3:g}" for ms in BOUNDS_MS), "+Inf"), counts, strict=True):
                total += count
                lines.append(f'{name}_bucket{{service="{_escaped(service)}",le="{bound}"}} {total}')
            lines.append(f'{name}_sum{{service="{_escaped(service)}"}} {self._sums_ms[service] / 1e3}')
            lines.append(f'{name}_count{{service="{_escaped(service)}"}} {total}')
        return lines


def _family(name: str, kind: str, help_text: str, samples: list[tuple[str, float]]) -> list[str]:
    head = [f"# HELP {name} {help_text}", f"# TYPE {name} {kind}"]
    return head + [f"{name}{labels} {value}" for labels, value in samples]


def _labelled(label: str, counts: Counter[Any]) -> list[tuple[str, float]]:
    return [(f'{{{label}="{_escaped(str(key))}"}}', count) for key, count in counts.items()]


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
