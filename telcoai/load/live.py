"""What a driver shows while it drives: a small JSON file, replaced whole."""

from __future__ import annotations

import json
import math
from collections import deque
from pathlib import Path

from telcoai.load.answers import DROPPED
from telcoai.load.quantiles import quantile
from telcoai.load.rows import Row

_RECENT = 512


class Live:
    """Counts of all rows, and quantiles of the latest ``_RECENT`` ones (latency: of those answered 200)."""

    def __init__(self, scheduled: int) -> None:
        self._scheduled = scheduled
        self._done = self._answered = self._errors = self._correct = 0
        self._latency_ns: deque[int] = deque(maxlen=_RECENT)
        self._lag_ns: deque[int] = deque(maxlen=_RECENT)

    def add(self, row: Row) -> None:
        """Count a row."""
        self._done += 1
        if row.sent_ns >= 0:
            self._lag_ns.append(row.sent_ns - row.scheduled_ns)
        if row.status != "200":
            self._errors += row.status != DROPPED
            return
        self._answered += 1
        self._correct += row.correct
        self._latency_ns.append(row.done_ns - row.scheduled_ns)

    def snapshot(self, sent: int, state: str) -> dict[str, object]:
        """``errors``: rows that aren't 200, those apart that plans didn't admit. ``correct``: share of those that are.
        Null where there is nothing yet."""
        return {
            "state": state,
            "scheduled": self._scheduled,
            "sent": sent,
            "done": self._done,
            "errors": self._errors,
            "p95_ms": _ms(quantile(self._latency_ns, 95)),
            "correct": self._correct / self._answered if self._answered else None,
            "lag_p99_ms": _ms(quantile(self._lag_ns, 99)),
        }


def replace_json(path: Path, content: dict[str, object]) -> None:
    """Write ``content`` so that a reader sees the old or the new file, never a part."""
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(content))
    draft.replace(path)


def _ms(value_ns: float) -> float | None:
    return None if math.isnan(value_ns) else round(value_ns / 1e6, 3)
