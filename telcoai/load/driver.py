"""A driver of one device: schedule in, rows out."""

from __future__ import annotations

import asyncio
import math
from array import array
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from telcoai.errors import InputError, TestbedError
from telcoai.load.answers import NO_ANSWER, read_answer, read_fallback, read_hops, status_of
from telcoai.load.client import Exchange
from telcoai.load.config import DriverConfig
from telcoai.load.endpoint import resolve
from telcoai.load.live import Live, replace_json
from telcoai.load.open_loop import Drive, OpenLoop
from telcoai.load.rows import Row, RowFile
from telcoai.load.sample_requests import Deadlines, SampleRequests
from telcoai.load.schedule import make_samples, make_schedule


@dataclass(frozen=True, slots=True)
class Turn:
    """When one of several drivers in a process writes: each after its ``offset_s``, every ``every_s``."""

    offset_s: float
    every_s: float


ALONE = Turn(0.0, 0.5)


class Driver:
    """Drives what one configuration says. Everything costly is done here, before the start."""

    def __init__(self, config: DriverConfig) -> None:
        self._config = config
        endpoint = resolve(config.url, config.netns)
        due = make_schedule(config.demand, config.duration_s, config.warmup_s, config.seed)
        samples = make_samples(len(due), config.samples, config.seed)
        self._first = int(np.searchsorted(due, config.from_ns))
        due, samples = due[self._first :], samples[self._first :]
        self._samples = array("i", samples.tobytes())
        self._labels = _labels(config)
        self._warmup_ns = round(config.warmup_s * 1e9)
        self._deadlines = Deadlines(config.deadlines)
        schedule_ns = array("q", (due + config.start_ns).tobytes())
        payload = SampleRequests(config, endpoint, schedule_ns, self._samples)
        timeout_ns = round(config.timeout_s * 1e9)
        drive = Drive(endpoint, schedule_ns, payload, self._ended, timeout_ns, config.connections)
        self._loop = OpenLoop(drive)
        self._live = Live(len(due))
        self._stop = asyncio.Event()
        self._failure: OSError | None = None
        self._rows = RowFile(config.out, config.run, config.service, config.device)
        config.live.parent.mkdir(parents=True, exist_ok=True)

    async def run(self, stop: asyncio.Event, turn: Turn = ALONE) -> None:
        """Drive until all is over or ``stop`` is set."""
        self._stop = stop
        over = asyncio.Event()
        report = asyncio.get_running_loop().create_task(self._report(over, turn))
        try:
            await self._loop.run(stop)
        finally:
            over.set()
            await report
            self._keep(self._rows.close)
        if self._failure is not None:
            raise TestbedError(f"{self._config.out}: can't write samples: {self._failure}") from self._failure
        replace_json(self._config.live, self._figures("stopped" if stop.is_set() else "complete"))

    async def _report(self, over: asyncio.Event, turn: Turn) -> None:
        """At each turn: figures to the live file; at each second one, waiting rows to their file.

        A thread replaces the live file: file systems may write to the disk before a rename, for milliseconds.
        """
        pause_s, count = turn.offset_s, 0
        while not await _set_within(over, pause_s):
            pause_s, count = turn.every_s, count + 1
            if count % 2 == 0:
                self._keep(self._rows.flush)
            try:
                await asyncio.to_thread(replace_json, self._config.live, self._figures("driving"))
            except OSError as err:
                self._fail(err)

    def _keep(self, write: Callable[[], None]) -> None:
        """Write; a run whose samples can't be kept is stopped, and ``run`` says why."""
        try:
            write()
        except OSError as err:
            self._fail(err)

    def _fail(self, failure: OSError) -> None:
        self._failure = self._failure or failure
        self._stop.set()

    def _figures(self, state: str) -> dict[str, object]:
        return self._live.snapshot(self._loop.sent, state)

    def _ended(self, exchange: Exchange) -> None:
        row = self._row(exchange)
        self._live.add(row)
        self._keep(lambda: self._rows.add(row))

    def _row(self, exchange: Exchange) -> Row:
        start_ns, head = self._config.start_ns, exchange.head
        status = status_of(exchange.status, head) if head else exchange.status
        scheduled_ns, done_ns = exchange.scheduled_ns - start_ns, _after(exchange.done_ns, start_ns)
        answer = read_answer(exchange.body) if status == "200" else NO_ANSWER
        hops = read_hops(head) if head else ()
        own = next((hop for hop in hops if hop.node == self._config.device), None)
        sample = self._samples[exchange.index]
        label = self._labels[sample]
        limit_ms = self._deadlines.at(scheduled_ns)
        in_time = limit_ms is None or done_ns - scheduled_ns <= limit_ms * 1e6
        return Row(
            request_id=self._first + exchange.index,
            warmup=scheduled_ns < self._warmup_ns,
            scheduled_ns=scheduled_ns,
            sent_ns=_after(exchange.sent_ns, start_ns),
            first_byte_ns=_after(exchange.first_ns, start_ns),
            done_ns=done_ns,
            status=status,
            exit=answer.exit,
            variant=answer.variant,
            placement=answer.placement,
            sample=sample,
            prediction=answer.prediction,
            label=label,
            correct=answer.prediction == label,
            bytes_sent=own.sent_bytes if own else 0,
            bytes_received=own.received_bytes if own else 0,
            hops=hops,
            deadline_ms=math.nan if limit_ms is None else limit_ms,
            on_time=status == "200" and in_time,
            fallback=read_fallback(head) if head else "",
        )


def _after(time_ns: int, start_ns: int) -> int:
    """Time after the start; never stays never."""
    return time_ns if time_ns < 0 else time_ns - start_ns


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for the event, at most so long; whether it is set."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True


def _labels(config: DriverConfig) -> list[int]:
    """Labels of the scored samples."""
    try:
        with np.load(config.labels) as file:
            labels: list[int] = file["labels"].astype(int).tolist()
    except (OSError, KeyError, ValueError) as err:
        raise InputError(f"{config.labels}: no labels in it: {err}") from err
    if len(labels) < config.samples:
        raise InputError(f"{config.labels}: {len(labels)} labels for {config.samples} samples")
    return labels[: config.samples]
