"""Writes an imported workload: everything a scenario needs, in one folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from telcoai.model.tensor_input import NUMPY
from telcoai.model.wire import WIRES
from telcoai.workload.importing.material import Material
from telcoai.workload.importing.variants import WIRE_OF, Answered, accuracy
from telcoai.workload.importing.whole import Whole
from telcoai.workload.replay import host_meta, write_tables
from telcoai.workload.writing import Row, document, stage_row, text_of

HEADER = "# Written by telcoai model import; import.json beside it says from what.\n"
DATATYPES = {name: datatype for datatype, name in NUMPY.items()}
"""Datatypes of the Open Inference Protocol by numpy's names."""
OPENER = '''\
"""The workload of this folder, for a scenario: workload: ./{folder}/workload.py:open_workload."""

from pathlib import Path

from telcoai.workload.stored import StoredWorkload


def open_workload() -> StoredWorkload:
    """What workload.yaml says."""
    return StoredWorkload(Path(__file__).parent / "workload.yaml")
'''


def write_folder(
    folder: Path, name: str, whole: Whole, answered: Sequence[Answered], slices: tuple[Material, Material]
) -> None:
    """Write all but the stages, which are there: samples, replay table, workload.yaml and workload.py."""
    calibration, scored = slices
    scored.write(folder / "samples.npz")
    calibration.write(folder / "calibration.npz")
    tables = {(one.variant.name, wire): one.scored[wire] for one in answered for wire in WIRES}
    write_tables(folder / "replay.npz", tables, host_meta())
    spec = {
        "family": name,
        "classes": whole.classes,
        "samples": {"file": "samples.npz", "count": len(scored), "calibrated": len(calibration)},
        "replay": "replay.npz",
        "variants": [_variant(one, whole, slices) for one in answered],
    }
    (folder / "workload.yaml").write_text(HEADER + text_of(document(name, spec)), encoding="utf-8")


def write_origin(folder: Path, target: str, origin: dict[str, Any]) -> None:
    """Write workload.py, and import.json: what was imported how, with its figures."""
    (folder / "workload.py").write_text(OPENER.format(folder=target), encoding="utf-8")
    (folder / "import.json").write_text(json.dumps(origin, indent=1) + "\n", encoding="utf-8")


def _variant(one: Answered, whole: Whole, slices: tuple[Material, Material]) -> dict[str, Any]:
    made, wire = one.variant, WIRE_OF[one.variant.precision]
    calibration, scored = slices
    on_scored = round(accuracy(one.scored[wire], scored), 4)
    on_calibration = round(accuracy(one.calibration[wire], calibration), 4)
    last = Row(accuracy=on_scored, accuracy_shipped=on_scored, accuracy_calibration=on_calibration, table=[])
    return {
        "name": made.name,
        "precision": made.precision,
        **_input(whole),
        "stages": [stage_row(file.name, cost) for file, cost in zip(made.files, made.costs, strict=True)],
        "exits": [*["none"] * (len(made.files) - 1), last],
    }


def _input(whole: Whole) -> dict[str, Any]:
    if whole.size:
        return {"input_size": whole.size}
    tensor = whole.graph.tensors[whole.input]
    return {"input": Row(datatype=DATATYPES[tensor.datatype], shape=list(tensor.shape[1:]))}
