"""Requests of the sample form: they name a scored sample, and the runtime on the device makes the frame of it."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence

from telcoai.load.config import Deadline, DriverConfig
from telcoai.load.endpoint import Endpoint

_HEAD = (
    "POST {path}/v2/models/{model}/infer HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
    "telcoai-device: {device}\r\n"
)
_BODY = b'{"id":"%d","inputs":[{"name":"sample","shape":[1,1],"datatype":"INT64","data":[%d]}]}'


class Deadlines:
    """The deadline in force at a time after the start."""

    def __init__(self, changes: Sequence[Deadline]) -> None:
        ordered = sorted(changes, key=lambda change: change.at_s)
        self._from_ns = [round(change.at_s * 1e9) for change in ordered]
        self._ms = [change.deadline_ms for change in ordered]

    def at(self, time_ns: int) -> float | None:
        """Deadline in ms, or None."""
        index = bisect_right(self._from_ns, time_ns) - 1
        return self._ms[index] if index >= 0 else None


class SampleRequests:
    """Makes request number i of a driver, as bytes."""

    def __init__(self, config: DriverConfig, endpoint: Endpoint, schedule_ns: array[int], samples: array[int]) -> None:
        text = _HEAD.format(path=endpoint.path, host=endpoint.host, model=config.model, device=config.device)
        self._head = text.encode("ascii")
        self._schedule_ns = schedule_ns
        self._samples = samples
        self._timeout_ns = round(config.timeout_s * 1e9)

    def __call__(self, index: int) -> bytes:
        """The whole request. Its deadline (absolute, on CLOCK_MONOTONIC) is when nobody waits for an answer any more.

        It isn't the service's requirement: an answer that comes too late for that is still an answer, and dropping it
        would hide how late it was.
        """
        sample = self._samples[index]
        body = _BODY % (index, sample)
        due_ns = self._schedule_ns[index]
        return b"%stelcoai-sample: %d\r\ntelcoai-deadline: %d\r\ncontent-length: %d\r\n\r\n%s" % (
            self._head,
            sample,
            due_ns + self._timeout_ns,
            len(body),
            body,
        )
