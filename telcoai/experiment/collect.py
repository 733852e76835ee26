"""From what drivers and runtimes left to the tables of a run folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from telcoai.load.rows import SCHEMA


def read_stream(path: Path) -> pa.Table | None:
    """The whole batches of an Arrow stream, also one that was cut off; None when not even its schema is there."""
    try:
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
    return frame.sort_values(["scheduled_ns", "service", "device"], kind="stable", ignore_index=True)
