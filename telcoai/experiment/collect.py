"""From what drivers and runtimes left to the tables of a run folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from telcoai.load.rows import SCHEMA

Numbers = NDArray[np.int64]


def row_files(folder: Path) -> list[Path]:
    """What drivers left: streams, or Parquet files where they came from another machine."""
    return [*folder.glob("*.arrows"), *folder.glob("*.parquet")]


def read_stream(path: Path) -> pa.Table | None:
    """The whole batches of a driver's file, also one that was cut off; None when not even its schema is there."""
    try:
        if path.suffix == ".parquet":
            return pq.read_table(path, schema=SCHEMA)
        with pa.OSFile(str(path)) as source, pa.ipc.open_stream(source) as reader:
            batches = list(_whole_batches(reader))
            return pa.Table.from_batches(batches, reader.schema)
    except (pa.ArrowInvalid, OSError):
        return None


def _whole_batches(reader: Any) -> Iterable[pa.RecordBatch]:
    while True:
        try:
            yield reader.read_next_batch()
        except (StopIteration, pa.ArrowInvalid, OSError):
            return


def read_samples(paths: Iterable[Path], run: str) -> pd.DataFrame:
    """All drivers' rows of a run in the order of their schedule, with ``run`` in front."""
    tables = [table for path in sorted(paths) if (table := read_stream(path)) is not None]
    frame: pd.DataFrame = pa.concat_tables(tables or [SCHEMA.empty_table()]).to_pandas()
    frame["run"] = run
    return sorted_samples(frame)


def sorted_samples(samples: pd.DataFrame) -> pd.DataFrame:
    """Rows in the order of their schedule."""
    return samples.sort_values(["scheduled_ns", "service", "device"], kind="stable", ignore_index=True)


def unfinished_rows(config: Mapping[str, Any], run: str, numbers: Numbers, due_ns: Numbers) -> pd.DataFrame:
    """Rows of requests that a driver was told to send and of which nothing is known. ``due_ns``: after t0."""
    nothing = pa.Table.from_pylist([{} for _ in numbers], SCHEMA).to_pandas()
    deadlines = [(one["at_s"] * 1e9, one["deadline_ms"]) for one in config["deadlines"]]
    in_force = [[limit for at_ns, limit in deadlines if at_ns <= due][-1] for due in due_ns]
    rows: pd.DataFrame = nothing.assign(
        run=run,
        service=config["service"],
        device=config["device"],
        request_id=numbers,
        warmup=due_ns < config["warmup_s"] * 1e9,
        scheduled_ns=due_ns,
        deadline_ms=np.array(in_force, float),
        status="unfinished",
        variant="",
        placement="",
        fallback="",
        **dict.fromkeys(("sent_ns", "first_byte_ns", "done_ns", "exit", "sample", "prediction", "label"), -1),
        **dict.fromkeys(("bytes_sent", "bytes_received"), 0),
        **dict.fromkeys(("correct", "on_time"), False),
    )
    return rows
