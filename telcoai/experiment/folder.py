"""The run folder: where each thing of a run lies, written so that a crash leaves a readable folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from telcoai.errors import InputError


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Paths of one run's files."""

    path: Path

    @classmethod
    def create(cls, experiment: Path, name: str) -> RunFolder:
        """Make the folder anew; what an earlier run of the same name left in it is removed."""
        folder = cls(experiment / name)
        for part in (folder.path, folder.load, folder.logs):
            part.mkdir(parents=True, exist_ok=True)
        for old in [*folder.path.glob("*.*"), *folder.load.glob("*"), *folder.logs.glob("*")]:
            old.unlink()
        return folder

    @property
    def load(self) -> Path:
        """What drivers write while they run."""
        return self.path / "load"

    @property
    def logs(self) -> Path:
        """Logs of runtimes and drivers."""
        return self.path / "logs"

    def write_run(self, facts: Mapping[str, Any]) -> None:
        """Replace run.json."""
        replace_text(self.path / "run.json", json.dumps(facts, indent=1, allow_nan=False) + "\n")

    def write_table(self, name: str, table: pd.DataFrame, schema: Any = None) -> None:
        """Replace ``<name>.parquet``; ``schema`` is an Arrow schema, else it is taken from the table."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        target = self.path / f"{name}.parquet"
        part = target.with_name(target.name + ".part")
        pq.write_table(pa.Table.from_pandas(table, schema=schema, preserve_index=False), part)
        part.replace(target)


def replace_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(text)
    part.replace(path)


def experiment_folder(out: Path) -> Path:
    """The experiment's folder as an absolute path, made if it isn't there; InputError when it can't be written."""
    out = out.absolute()
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as err:
        raise InputError(f"can't write to {out}: {err.strerror}", "choose another folder with --out") from err
    return out
