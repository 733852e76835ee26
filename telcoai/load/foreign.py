"""Drive any Open Inference Protocol server at a rate, and tell how it answered."""

from __future__ import annotations

import asyncio
import gc
import signal
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic_ns

import numpy as np
import uvloop

from telcoai.emulation.linux import sharpen_timers
from telcoai.errors import InputError
from telcoai.load.endpoint import Endpoint, resolve
from telcoai.load.metadata import model_path, read_model, try_once
from telcoai.load.open_loop import Drive, OpenLoop
from telcoai.load.schedule import make_schedule
from telcoai.load.tally import LoadResult, Tally
from telcoai.load.tensors import Tensor, binary_body, json_body, random_tensor, read_tensors
from telcoai.model.scenario import Demand

_BODIES = 16
_LEAD_NS = 200_000_000
_SHOW_S = 0.5
_LATEST = 2048


@dataclass(frozen=True, slots=True)
class ForeignLoad:
    """What to send where.

    ``demand``: arrivals, from 0 on. ``inputs``: a JSON file with the inputs to send, else they are drawn from the
    seed in the form that the model's metadata gives. ``binary``: raw tensors. ``timeout_s`` counts from the scheduled
    time. ``connections``: most at a time.
    """

    url: str
    model: str
    demand: Demand
    duration_s: float
    seed: int = 0
    inputs: Path | None = None
    binary: bool = False
    timeout_s: float = 10.0
    connections: int = 512


def drive_server(load: ForeignLoad, watch: Callable[[LoadResult], None] | None = None) -> LoadResult:
    """Drive until the schedule is through and every request is over; ``watch`` gets figures each half second.

    The figures that ``watch`` gets have quantiles of the latest 2,048 requests. SIGINT and SIGTERM stop it in order:
    the result then says that it was interrupted. InputError and TestbedError as ``read_model`` and the schedule say.
    """
    due = make_schedule([load.demand], load.duration_s, 0.0, load.seed)
    endpoint = resolve(load.url)
    payloads = make_payloads(load, endpoint)
    sharpen_timers()
    result: LoadResult = uvloop.run(_drive(load, endpoint, due, payloads, watch))
    return result


def make_payloads(load: ForeignLoad, endpoint: Endpoint) -> list[bytes]:
    """Whole HTTP requests to send in turn: one from a file, or a few drawn ones. The first is tried beforehand."""
    requests = [_encode(load, tensors) for tensors in _inputs(load)]
    try_once(load.url, load.model, *requests[0])
    return [_whole(load, endpoint, *request) for request in requests]


def _inputs(load: ForeignLoad) -> list[Sequence[Tensor]]:
    form = read_model(load.url, load.model)
    if load.binary and not form.binary:
        raise InputError(f"{load.url} takes no raw tensors (extension binary_tensor_data)", "leave out --binary")
    if load.inputs is not None:
        return [read_tensors(load.inputs)]
    if not form.inputs:
        raise InputError(f"the metadata of {load.model} names no inputs", "give them in a file")
    rng = np.random.default_rng(load.seed)
    return [[random_tensor(one.name, one.datatype, one.shape, rng) for one in form.inputs] for _ in range(_BODIES)]


def _encode(load: ForeignLoad, tensors: Sequence[Tensor]) -> tuple[dict[str, str], bytes]:
    """Headers and body of a request."""
    if not load.binary:
        return {"content-type": "application/json"}, json_body(tensors)
    body, json_bytes = binary_body(tensors)
    return {"content-type": "application/octet-stream", "inference-header-content-length": str(json_bytes)}, body


def _whole(load: ForeignLoad, endpoint: Endpoint, headers: dict[str, str], body: bytes) -> bytes:
    """A request as it goes over the connection."""
    fields = {"host": endpoint.host, **headers, "content-length": str(len(body))}
    lines = [f"POST {endpoint.path}{model_path(load.model)}/infer HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


async def _drive(
    load: ForeignLoad,
    endpoint: Endpoint,
    due: np.ndarray[tuple[int], np.dtype[np.int64]],
    payloads: list[bytes],
    watch: Callable[[LoadResult], None] | None,
) -> LoadResult:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    start_ns = monotonic_ns() + _LEAD_NS
    tally = Tally(len(due), start_ns)
    drive = Drive(
        endpoint=endpoint,
        schedule_ns=array("q", (due + start_ns).tobytes()),
        payload=lambda index: payloads[index % len(payloads)],
        ended=tally.add,
        timeout_ns=round(load.timeout_s * 1e9),
        connections=load.connections,
    )
    loop = OpenLoop(drive)
    gc.collect()
    gc.freeze()
    watching = asyncio.create_task(_show(loop, tally, watch)) if watch else None
    try:
        await loop.run(stop)
    finally:
        gc.unfreeze()
        if watching:
            watching.cancel()
    return tally.result(loop.sent, monotonic_ns(), interrupted=stop.is_set())


async def _show(loop: OpenLoop, tally: Tally, watch: Callable[[LoadResult], None]) -> None:
    while True:
        await asyncio.sleep(_SHOW_S)
        watch(tally.result(loop.sent, monotonic_ns(), _LATEST))
