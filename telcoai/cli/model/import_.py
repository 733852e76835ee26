"""``telcoai model import``."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telcoai.cli.console import Output, OutputOption, print_json, print_table, story_console
from telcoai.cli.model.pairs import constants, numbers, shapes

if TYPE_CHECKING:
    from telcoai.workload.cutting.candidates import Candidate
    from telcoai.workload.cutting.graph import Graph
    from telcoai.workload.importing.importer import Imported
    from telcoai.workload.importing.whole import Reading


class Pool(StrEnum):
    """How a sequence of vectors becomes one."""

    MEAN = "mean"
    FIRST = "first"


class Head(StrEnum):
    """What turns an embedding into an answer."""

    CENTROIDS = "centroids"


class Layout(StrEnum):
    """Order of an image model's dimensions."""

    NCHW = "nchw"
    NHWC = "nhwc"


def register(group: typer.Typer) -> None:
    """Add the verb."""
    example = "telcoai model import net.onnx --samples samples.npz --stages 3 --quantise"
    group.command("import", epilog=f"Example: {example}")(import_)


def import_(
    model: Annotated[Path, typer.Argument(help="An ONNX file.")],
    samples: Annotated[
        Path | None,
        typer.Option(help="npz with labels (int64) and frames (uint8, n × h × w × 3) or inputs (n × shape)."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write; named like the workload unless said.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the workload; the model file's unless said.")] = None,
    stages: Annotated[int, typer.Option(min=1, max=32, help="How many stages to cut it in.")] = 2,
    balance: Annotated[
        float, typer.Option(min=0, max=1, help="Least part of an equal share of the FLOPs that a stage may have.")
    ] = 0.5,
    cut: Annotated[list[str] | None, typer.Option(help="A tensor to cut at, instead of --stages; repeatable.")] = None,
    show: Annotated[bool, typer.Option("--list", help="Print where the model can be cut, and stop.")] = False,
    shape: Annotated[list[str] | None, typer.Option(help="Size of an input, as input=1,3,224,224.")] = None,
    fix: Annotated[list[str] | None, typer.Option(help="An input that never changes, as attention_mask=1.")] = None,
    output_name: Annotated[str | None, typer.Option("--output-name", help="Which of several outputs answers.")] = None,
    mean: Annotated[str, typer.Option(help="Mean of each channel, of pixels from 0 to 255.")] = "0,0,0",
    std: Annotated[str, typer.Option(help="What pixels less the mean are divided by.")] = "1,1,1",
    layout: Annotated[Layout | None, typer.Option(help="Of an image input, where its shape doesn't tell.")] = None,
    pool: Annotated[Pool | None, typer.Option(help="How an output that is a sequence becomes one vector.")] = None,
    head: Annotated[
        Head | None, typer.Option(help="Answer with the nearest centroid of the calibration slice.")
    ] = None,
    quantise: Annotated[bool, typer.Option("--quantise", help="Add a variant in int8.")] = False,
    calibration: Annotated[float, typer.Option(min=0, max=1, help="Share of the samples that is not scored.")] = 0.3,
    seed: Annotated[int, typer.Option(min=0, help="Which samples those are.")] = 0,
    tolerance: Annotated[float, typer.Option(min=0, help="Most that stages may differ from the whole.")] = 1e-4,
    output: OutputOption = Output.TABLE,
) -> None:
    """Make a workload of an ONNX model: cut at its narrow points, checked, costed, scored."""
    from telcoai.errors import InputError
    from telcoai.workload.importing.front import Pixels
    from telcoai.workload.importing.importer import Cutting, Order, import_model
    from telcoai.workload.importing.whole import Reading

    pixels = Pixels(numbers("--mean", mean), numbers("--std", std), layout.value if layout else None)
    reading = Reading(
        shapes(shape or []),
        constants(fix or []),
        output_name,
        pixels,
        pool.value if pool else None,
        head.value if head else None,
    )
    if show:
        _list(model, reading, output)
        return
    if samples is None:
        raise InputError("--samples is missing", "np.savez(file, frames=…, labels=…) makes them; --list needs none")
    called = name or _name_of(model)
    cutting = Cutting(tuple(cut or ()), stages, balance)
    order = Order(model, samples, out or Path(called), called, reading, cutting, quantise, calibration, seed, tolerance)
    _print(import_model(order, story_console().print), output)


def _name_of(model: Path) -> str:
    return re.sub(r"[^a-z0-9]+", "-", model.stem.lower()).strip("-")[:32].strip("-")


def _list(model: Path, reading: Reading, output: Output) -> None:
    from dataclasses import asdict

    from telcoai.workload.importing.importer import list_cuts

    graph, found = list_cuts(model, reading)
    if output is Output.JSON:
        print_json({"flops": graph.flops, "cuts": [asdict(one) for one in found]})
        return
    columns = ["cut", "shape", "bytes (fp16)", "bytes (int8)", "FLOPs before", "share"]
    print_table(columns, [_row(one, graph) for one in found])


def _row(one: Candidate, graph: Graph) -> list[str]:
    from telcoai.model.wire import wire_bytes

    sizes = [f"{wire_bytes(one.values, wire):,}" for wire in ("fp16", "int8")]
    share = f"{one.flops_before / graph.flops:.1%}" if graph.flops else "–"
    return [one.tensor, "×".join(map(str, one.shape[1:])), *sizes, f"{one.flops_before:,}", share]


def _print(made: Imported, output: Output) -> None:
    from dataclasses import asdict

    if output is Output.JSON:
        print_json(asdict(made) | {"folder": str(made.folder)})
        return
    for cut in made.cuts:
        typer.echo(f"cut at {cut.tensor}: {'×'.join(map(str, cut.shape[1:]))}, {cut.flops_before:,} FLOPs before")
    check = made.composition
    typer.echo(
        f"stages together equal the whole within {check.absolute:.2g} ({check.relative:.1g} of its largest output) "
        f"on {check.samples} samples"
    )
    columns = ["variant", "FLOPs", "bytes of weights", "accuracy", "on the calibration slice", "answers like the first"]
    rows = [
        [
            one.variant,
            f"{one.flops:,}",
            f"{one.param_bytes:,}",
            f"{one.accuracy:.1%}",
            f"{one.accuracy_calibration:.1%}",
            f"{one.agreement:.1%}",
        ]
        for one in made.variants
    ]
    print_table(columns, rows)
    typer.echo(f"wrote {made.folder}; a scenario beside it says workload: {made.reference}")
