"""Sample rows: one a request, appended in batches to an Arrow stream on disk."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from telcoai.errors import InputError

BATCH_ROWS = 64
_END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"


class Hop(NamedTuple):
    """What one node reported of a request: times in ns, bytes sent on to the next node and received back.

    ``core_ns``: its share of the core's time, less than ``compute_ns`` when it ran in a batch.
    """

    node: str
    queue_ns: int
    compute_ns: int
    network_ns: int
    sent_bytes: int
    received_bytes: int
    overrun: bool
    replayed: bool
    core_ns: int


class Row(NamedTuple):
    """One request. Times are ns after the start, -1 for never; ``deadline_ms`` is NaN when there is none."""

    request_id: int
    warmup: bool
    scheduled_ns: int
    sent_ns: int
    first_byte_ns: int
    done_ns: int
    status: str
    exit: int
    variant: str
    placement: str
    sample: int
    prediction: int
    label: int
    correct: bool
    bytes_sent: int
    bytes_received: int
    hops: tuple[Hop, ...]
    deadline_ms: float
    on_time: bool
    fallback: str


_HOP_TYPES: dict[str, pa.DataType] = {
    "node": pa.string(),
    "queue_ns": pa.int64(),
    "compute_ns": pa.int64(),
    "network_ns": pa.int64(),
    "sent_bytes": pa.int64(),
    "received_bytes": pa.int64(),
    "overrun": pa.bool_(),
    "replayed": pa.bool_(),
    "core_ns": pa.int64(),
}
_HOP_FIELDS = [pa.field(name, kind) for name, kind in _HOP_TYPES.items()]
_ROW_TYPES: dict[str, pa.DataType] = {
    "request_id": pa.int64(),
    "warmup": pa.bool_(),
    "scheduled_ns": pa.int64(),
    "sent_ns": pa.int64(),
    "first_byte_ns": pa.int64(),
    "done_ns": pa.int64(),
    "status": pa.string(),
    "exit": pa.int8(),
    "variant": pa.string(),
    "placement": pa.string(),
    "sample": pa.int32(),
    "prediction": pa.int16(),
    "label": pa.int16(),
    "correct": pa.bool_(),
    "bytes_sent": pa.int64(),
    "bytes_received": pa.int64(),
    "hops": pa.list_(pa.struct(_HOP_FIELDS)),
    "deadline_ms": pa.float64(),
    "on_time": pa.bool_(),
    "fallback": pa.string(),
}
SCHEMA = pa.schema([("run", pa.string()), ("service", pa.string()), ("device", pa.string()), *_ROW_TYPES.items()])


class RowFile:
    """An Arrow stream that grows by whole batches; what is in it survives any end of the process.

    A stream is its schema's message, then one message a batch; each is written whole, and none is kept back. So at
    most the rows since the last ``flush`` and a last, partial batch are lost when the process is killed.
    """

    def __init__(self, path: Path, run: str, service: str, device: str) -> None:
        self._constants = (run, service, device)
        self._rows: list[Row] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("wb")
        except OSError as err:
            raise InputError(f"{path}: can't be written: {err.strerror}") from err
        self._append(SCHEMA.serialize())

    def add(self, row: Row) -> None:
        """Take a row; every ``BATCH_ROWS`` rows become a batch at once."""
        self._rows.append(row)
        if len(self._rows) >= BATCH_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write the rows that wait as one batch."""
        if not self._rows:
            return
        rows, self._rows = self._rows, []
        self._append(to_batch(rows, self._constants).serialize())

    def close(self) -> None:
        """Write what waits and the end mark."""
        self.flush()
        self._append(_END_OF_STREAM)
        self._file.close()

    def _append(self, message: bytes | pa.Buffer) -> None:
        self._file.write(message)
        self._file.flush()


def to_batch(rows: list[Row], constants: Iterable[str]) -> pa.RecordBatch:
    """Rows as a batch of ``SCHEMA``; ``constants`` are run, service and device."""
    arrays = [pa.array([constant] * len(rows), pa.string()) for constant in constants]
    for (name, kind), values in zip(_ROW_TYPES.items(), zip(*rows, strict=True), strict=True):
        arrays.append(_hops(values) if name == "hops" else pa.array(values, kind))
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def _hops(values: Iterable[tuple[Hop, ...]]) -> pa.ListArray:
    """The hops of each row, built from flat columns: many times quicker than from one dict a hop."""
    offsets: list[int] = [0]
    flat: list[Hop] = []
    for hops in values:
        flat.extend(hops)
        offsets.append(len(flat))
    columns: Iterable[Any] = zip(*flat, strict=True) if flat else [()] * len(_HOP_TYPES)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, _HOP_TYPES.values(), strict=True)]
    return pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), pa.StructArray.from_arrays(arrays, fields=_HOP_FIELDS)
    )


def read_rows(path: Path) -> pa.Table:
    """The rows of a driver's file up to its last whole batch, also when the driver was killed.

    A file without even a whole schema gives an empty table. InputError when it can't be read.
    """
    batches: list[pa.RecordBatch] = []
    try:
        with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as reader:
            for batch in reader:
                batches.append(batch)
    except FileNotFoundError as err:
        raise InputError(f"{path}: no such file") from err
    except (pa.ArrowInvalid, OSError):
        return pa.Table.from_batches(batches, SCHEMA)
    return pa.Table.from_batches(batches, SCHEMA)
