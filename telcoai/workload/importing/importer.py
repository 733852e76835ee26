"""Importing from end to end: read, cut, check, quantise, answer, write."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from telcoai import __version__
from telcoai.errors import InputError
from telcoai.spec import load_workload
from telcoai.spec.form import NAME_PATTERN
from telcoai.workload.cutting.candidates import Candidate, candidates, named, refusal
from telcoai.workload.cutting.choose import choose
from telcoai.workload.cutting.graph import Graph
from telcoai.workload.importing.composition import Composition, compare, run_stages
from telcoai.workload.importing.folder import write_folder, write_origin
from telcoai.workload.importing.material import Material, halves, read_material, split
from telcoai.workload.importing.source import need_onnx
from telcoai.workload.importing.stages import parts_of
from telcoai.workload.importing.variants import (
    WIRE_OF,
    Answered,
    Made,
    accuracy,
    agreement,
    answer,
    write_quantised,
    write_stages,
)
from telcoai.workload.importing.whole import Reading, Whole, list_graph, make_whole, outputs_of
from telcoai.workload.replay import host_meta

COMPARED = 64
"""Most samples that the stages are compared with the whole model on."""
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Cutting:
    """Where to cut: ``cuts`` by name, or else ``stages`` of which none is below ``balance`` of an equal share."""

    cuts: tuple[str, ...] = ()
    stages: int = 2
    balance: float = 0.5


@dataclass(frozen=True)
class Order:
    """What is asked of an import. ``calibration``: share of the samples that is not scored, drawn with ``seed``."""

    model: Path
    samples: Path
    out: Path
    name: str
    reading: Reading = field(default_factory=Reading)
    cutting: Cutting = field(default_factory=Cutting)
    quantise: bool = False
    calibration: float = 0.3
    seed: int = 0
    tolerance: float = 1e-4


@dataclass(frozen=True)
class Figures:
    """What one variant is worth: accuracies over its own wire, agreement with the variant as it was cut."""

    variant: str
    wire: str
    flops: int
    param_bytes: int
    accuracy: float
    accuracy_calibration: float
    agreement: float


@dataclass(frozen=True)
class Imported:
    """What an import made."""

    folder: Path
    reference: str
    cuts: tuple[Candidate, ...]
    composition: Composition
    variants: tuple[Figures, ...]


def list_cuts(model: Path, reading: Reading) -> tuple[Graph, tuple[Candidate, ...]]:
    """A model's graph and where it can be cut, without importing it; InputError when it can't be at all."""
    need_onnx()
    graph = list_graph(model, reading)
    found = candidates(graph)
    if not found:
        raise refusal(graph)
    return graph, found


def import_model(order: Order, tell: Tell) -> Imported:
    """Make the folder of a workload; nothing is left behind when that fails. InputError says why it does."""
    need_onnx()
    _refuse_names(order)
    calibration, scored = split(read_material(order.samples), order.calibration, order.seed)
    tell(f"reading {order.model}")
    fitting = calibration
    if order.reading.head:
        fitting, calibration = halves(calibration, order.seed)
    whole = make_whole(order.model, order.reading, fitting)
    _refuse_labels(whole, calibration, scored)
    cuts = chosen_cuts(whole.graph, order.cutting)
    order.out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{order.name}-", dir=order.out.parent))
    try:
        imported = _fill(folder, order, (whole, cuts), (calibration, scored), tell)
        folder.chmod(0o755)
        folder.rename(order.out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    load_workload(order.out / "workload.yaml")
    return imported


def chosen_cuts(graph: Graph, cutting: Cutting) -> tuple[Candidate, ...]:
    """The cuts asked for, in the model's order; InputError when it can't be cut there or so often."""
    if cutting.cuts:
        found = {named(graph, name) for name in cutting.cuts}
        return tuple(one for one in candidates(graph) if one in found)
    known = candidates(graph)
    if not known and cutting.stages > 1:
        raise refusal(graph)
    return choose(known, graph.flops, cutting.stages, cutting.balance)


def _fill(
    folder: Path,
    order: Order,
    cut: tuple[Whole, tuple[Candidate, ...]],
    slices: tuple[Material, Material],
    tell: Tell,
) -> Imported:
    (whole, cuts), (calibration, scored) = cut, slices
    made = [write_stages(folder, order.name, parts_of(whole.model, whole.graph, cuts))]
    tell(f"comparing {len(cuts) + 1} stages with the whole model")
    composition = _compose(made[0], whole, scored, order)
    if order.quantise:
        tell("quantising to int8")
        made.append(write_quantised(folder, order.name, made[0], calibration, whole.size))
    answered = []
    for variant in made:
        tell(f"running {len(calibration) + len(scored)} samples through {variant.name}")
        answered.append(answer(variant, calibration, scored, whole.size))
    write_folder(folder, order.name, whole, answered, slices)
    reference = f"./{order.out.name}/workload.py:open_workload"
    imported = Imported(order.out, reference, cuts, composition, tuple(_figures(answered, slices)))
    write_origin(folder, order.out.name, _origin(order, imported))
    return imported


def _compose(made: Made, whole: Whole, scored: Material, order: Order) -> Composition:
    import numpy as np

    some = scored.part(np.arange(min(COMPARED, len(scored))))
    fused = made.precision != "int8"
    expected = outputs_of(whole.model, order.model, some, whole.size, fused=fused)
    return compare(expected, run_stages(made.files, some, whole.size, fused=fused), order.tolerance)


def _figures(answered: Sequence[Answered], slices: tuple[Material, Material]) -> list[Figures]:
    (calibration, scored), first = slices, answered[0]
    found = []
    for one in answered:
        made, wire = one.variant, WIRE_OF[one.variant.precision]
        found.append(
            Figures(
                variant=made.name,
                wire=wire,
                flops=sum(cost.flops for cost in made.costs),
                param_bytes=sum(cost.param_bytes for cost in made.costs),
                accuracy=accuracy(one.scored[wire], scored),
                accuracy_calibration=accuracy(one.calibration[wire], calibration),
                agreement=agreement(one.scored[wire], first.scored[WIRE_OF[first.variant.precision]]),
            )
        )
    return found


def _origin(order: Order, imported: Imported) -> dict[str, Any]:
    reading = asdict(order.reading)
    return {
        "model": {"file": order.model.name, "sha256": _digest(order.model)},
        "samples": {"file": order.samples.name, "sha256": _digest(order.samples)},
        "calibration": {"share": order.calibration, "seed": order.seed},
        "reading": reading,
        "cuts": [asdict(cut) for cut in imported.cuts],
        "composition": asdict(imported.composition),
        "variants": [asdict(one) for one in imported.variants],
        "versions": {"telcoai": __version__, **host_meta()},
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _refuse_names(order: Order) -> None:
    if not re.fullmatch(NAME_PATTERN, order.name) or len(order.name) > 32:
        hint = "lower-case letters, digits and hyphens, at most 32: --name"
        raise InputError(f"{order.name!r} is no name of a workload", hint)
    if order.out.exists():
        raise InputError(f"{order.out} is there already", "remove it, or say --out ANOTHER")


def _refuse_labels(whole: Whole, *slices: Material) -> None:
    largest = max(int(one.labels.max()) for one in slices)
    if largest >= whole.classes:
        raise InputError(
            f"the samples have labels up to {largest}, and the model knows {whole.classes} classes",
            "--head centroids answers with the labels' own classes, where the output is an embedding",
        )
