"""What was loaded in a run, as its events.jsonl has it."""

from __future__ import annotations

import json

from telcoai.energy.loads import Load
from telcoai.experiment.folder import RunFolder


def model_loads(folder: RunFolder) -> list[Load]:
    """Each load of a stage with its node and time."""
    lines = (json.loads(line) for line in (folder.path / "events.jsonl").read_text().splitlines())
    return [
        Load(line["what"]["node"], line["at_s"] - line["what"]["ms"] / 1e3, line["at_s"])
        for line in lines
        if line["kind"] == "loaded"
    ]
