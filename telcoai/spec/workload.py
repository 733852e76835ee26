"""From a workload's file to what other rooms know of it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from telcoai.model.tensor_input import TensorInput
from telcoai.model.workload import NO_EXIT, ExitPoint, Stage, Variant, WorkloadInfo
from telcoai.spec.library import Library, Source
from telcoai.spec.places import Places
from telcoai.spec.references import Dangling, beside
from telcoai.spec.workload_form import ExitForm, StageForm, VariantForm, WorkloadDocument


def workload(library: Library, source: Source) -> WorkloadInfo | None:
    """Resolve a workload's document; None after noting problems."""
    before = len(library.problems)
    document = library.checked(source, WorkloadDocument)
    if document is None:
        return None
    places, spec = Places(library, source), document.spec
    info = WorkloadInfo(
        name=document.metadata.name,
        family=spec.family,
        variants=tuple(_variant(places, one, index) for index, one in enumerate(spec.variants)),
        samples_path=_file(places, spec.samples.file, "samples", "file"),
        replay_path=_file(places, spec.replay, "replay"),
        classes=spec.classes,
        samples=spec.samples.count,
        calibrated=spec.samples.calibrated,
    )
    return None if len(library.problems) > before else info


def _variant(places: Places, written: VariantForm, index: int) -> Variant:
    size, tensor = written.input_size or 0, None
    if written.input is not None:
        tensor = TensorInput(written.input.datatype, tuple(written.input.shape))
    return Variant(
        name=written.name,
        precision=written.precision,
        input_size=size,
        input_bytes=tensor.bytes if tensor else 3 * size**2,
        stages=tuple(_stage(places, stage, index, number) for number, stage in enumerate(written.stages)),
        exits=tuple(_exit(one) for one in written.exits),
        tensor=tensor,
    )


def _stage(places: Places, written: StageForm, variant: int, number: int) -> Stage:
    return Stage(
        index=number,
        path=_file(places, written.file, "variants", variant, "stages", number, "file"),
        flops=written.flops,
        param_bytes=written.param_bytes,
        activation_shape=tuple(written.activation_shape),
    )


def _exit(written: ExitForm | Literal["none"]) -> ExitPoint:
    if written == "none":
        return NO_EXIT
    table = {threshold: (share, accuracy) for threshold, share, accuracy in written.table}
    return ExitPoint(written.accuracy_calibration, table)


def _file(places: Places, reference: str, *place: str | int) -> Path:
    try:
        return beside(reference, places.source.path)
    except Dangling as err:
        places.report(str(err), *place)
        return Path(reference)
