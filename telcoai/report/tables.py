"""Files of a run folder as frames; what a crash left behind is read as far as it goes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from telcoai.load.rows import SCHEMA, read_rows

SAMPLES = SCHEMA.append(pa.field("energy_j", pa.float64()))
ENERGY = pa.schema(
    [(name, pa.string()) for name in ("run", "node", "tier", "meter", "component")]
    + [(name, pa.float64()) for name in ("energy_j", "energy_low_j", "energy_high_j")]
)
LINKS = pa.schema(
    [(name, pa.string()) for name in ("run", "link", "direction")]
    + [("time_ns", pa.int64())]
    + [
        (name, pa.float64())
        for name in ("asked_delay_ms", "asked_jitter_ms", "asked_rate_bps", "asked_loss", "measured_delay_ms")
    ]
    + [(name, pa.int64()) for name in ("packets", "bytes", "drops_queue", "drops_loss")]
)
DECISIONS = ("time_s", "strategy", "status", "reason", "duration_ms", "plan", "error", "saw", "printed")
EVENTS = ("kind", "at_s", "real_s", "what")
HOPS = "hops"


def read_samples(folder: Path) -> pa.Table:
    """One row a request, ``hops`` included. Of a run that never ended: what its drivers had written, energy NaN."""
    table = read_parquet(folder / "samples.parquet", SAMPLES)
    if table is not None:
        return table
    parts = [read_rows(path) for path in sorted((folder / "load").glob("*.arrows"))]
    raw = pa.concat_tables(parts) if parts else SCHEMA.empty_table()
    return raw.append_column("energy_j", pa.array([float("nan")] * raw.num_rows, pa.float64()))


def read_parquet(path: Path, schema: pa.Schema) -> pa.Table | None:
    """The table, None when there is none that can be read. A table without rows may lack columns: it gets them."""
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError):
        return None
    missing = [name for name in schema.names if name not in table.column_names]
    if not missing:
        return table
    return schema.empty_table() if table.num_rows == 0 else None


def read_frame(path: Path, schema: pa.Schema) -> pd.DataFrame:
    """The table as a frame; an empty one with the schema's columns when it can't be read."""
    table = read_parquet(path, schema)
    frame: pd.DataFrame = (schema.empty_table() if table is None else table).to_pandas()
    return frame


def read_lines(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """A file of JSON lines; a line that isn't whole (the last one, after a kill) is left out."""
    rows: list[dict[str, Any]] = []
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    for line in text.splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            rows.append({name: value.get(name) for name in columns})
    return pd.DataFrame(rows, columns=list(columns))


def flat_hops(samples: pa.Table) -> pd.DataFrame:
    """One row a hop: run, service, device, request_id, position, node and what the node reported (ns, bytes)."""
    column = samples.column(HOPS).combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    keys = ["run", "service", "device", "request_id", "warmup"]
    rows = pc.list_parent_indices(column)
    frame: pd.DataFrame = samples.select(keys).take(rows).to_pandas()
    hops = pa.Table.from_struct_array(column.flatten()).to_pandas()
    frame["position"] = frame.groupby(keys[:4], sort=False).cumcount()
    joined: pd.DataFrame = pd.concat([frame, hops], axis=1)
    return joined
