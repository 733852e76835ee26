"""Reads a model as its user has it, and makes every size in it fixed."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from telcoai.errors import InputError

if TYPE_CHECKING:
    import onnx

Shape = tuple[int, ...]
UNKNOWN = (
    r"No Op registered for (?P<op>\S+)",
    r"(?P<op>\S+) is not a registered function/op",
    r"Could not find an implementation for (?P<op>[^(\s]+)",
)
"""How onnxruntime says that it doesn't know an operator."""


def need_onnx() -> None:
    """InputError unless the package ``onnx`` is there."""
    try:
        import onnx  # noqa: F401
    except ImportError as err:
        raise InputError("importing a model needs the package onnx", "pip install 'telcoai[import]'") from err


def read_model(path: Path) -> onnx.ModelProto:
    """The model of a file; InputError when it is none."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(path)
        onnx.checker.check_model(model, check_custom_domain=False)
    except OSError as err:
        raise InputError(f"{path}: {err.strerror or err}") from err
    except (DecodeError, onnx.checker.ValidationError) as err:
        unknown = _unknown(str(err))
        if unknown:
            raise unknown_operator(path, unknown) from err
        raise InputError(f"{path} is not a sound ONNX model: {_first_line(err)}") from err
    if not model.graph.node:
        raise InputError(f"{path} is not a sound ONNX model: it has no operators")
    return model


def fix_sizes(model: onnx.ModelProto, shapes: Mapping[str, Shape], constants: Mapping[str, float]) -> onnx.ModelProto:
    """The model with every input's shape fixed, one sample a batch, and ``constants`` in place of those inputs.

    A first dimension that is left open is the batch and becomes 1. InputError for any other open dimension, and for
    names and shapes that aren't the model's.
    """
    import onnx

    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    weights = {weight.name for weight in fixed.graph.initializer}
    inputs = [value for value in fixed.graph.input if value.name not in weights]
    _refuse_strangers({value.name for value in inputs}, (*shapes, *constants))
    for value in inputs:
        _fix(value, shapes.get(value.name))
    for value in inputs:
        if value.name in constants:
            _replace(fixed.graph, value, constants[value.name])
    for output in fixed.graph.output:
        output.type.tensor_type.ClearField("shape")
    del fixed.graph.value_info[:]
    return fixed


def simplify(model: onnx.ModelProto, path: Path) -> onnx.ModelProto:
    """The model with constants folded and nothing else than standard operators added, by onnxruntime.

    Sizes that a graph computes from fixed ones vanish by this. InputError says why onnxruntime can't load it.
    """
    import onnx
    import onnxruntime

    with tempfile.TemporaryDirectory(prefix="telcoai-") as folder:
        source, target = Path(folder, "source.onnx"), Path(folder, "target.onnx")
        onnx.save(model, source)
        options = session_options()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(target)
        open_with(source, options, path)
        simplified = onnx.load(target)
    _name_domains_once(simplified)
    return simplified


def session_options(*, fused: bool = True) -> Any:
    """Options of a session that keeps quiet and runs on one thread; not ``fused``: operators stay as they are."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    if not fused:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return options


def open_with(source: Path | bytes, options: Any, path: Path) -> Any:
    """An onnxruntime session; InputError names the model's ``path`` and, where it is that, the unknown operator."""
    import onnxruntime

    given = source if isinstance(source, bytes) else str(source)
    try:
        return onnxruntime.InferenceSession(given, options, providers=["CPUExecutionProvider"])
    except _errors() as err:
        unknown = _unknown(str(err))
        if unknown:
            raise unknown_operator(path, unknown) from err
        raise InputError(f"onnxruntime can't load {path}: {_first_line(err)}") from err


def run_with(session: Any, outputs: list[str] | None, feed: Mapping[str, Any], path: Path) -> Any:
    """Outputs of a session; InputError where the model of ``path`` fails on a sample."""
    try:
        return session.run(outputs, dict(feed))
    except _errors() as err:
        raise InputError(f"{path} fails on a sample: {_first_line(err)}", "look at the samples' values") from err


def _errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises for models and inputs that it can't take."""
    from onnxruntime.capi import onnxruntime_pybind11_state as errors

    kinds = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NotImplemented", "RuntimeException")
    return tuple(getattr(errors, kind) for kind in kinds)


def unknown_operator(path: Path, name: str) -> InputError:
    """The error of a model with an operator that onnxruntime lacks."""
    hint = "export it with standard operators of an opset that this onnxruntime knows"
    return InputError(f"onnxruntime knows no operator {name}, which {path} needs", hint)


def _name_domains_once(model: onnx.ModelProto) -> None:
    """Models merged of several may import the same operators several times, which quantisation refuses; in place."""
    import onnx

    versions: dict[str, int] = {}
    for one in model.opset_import:
        versions[one.domain] = max(one.version, versions.get(one.domain, 0))
    del model.opset_import[:]
    model.opset_import.extend(onnx.helper.make_opsetid(domain, version) for domain, version in versions.items())


def _refuse_strangers(names: set[str], given: tuple[str, ...]) -> None:
    for name in given:
        if name not in names:
            raise InputError(f"the model has no input {name!r}", f"its inputs are {', '.join(sorted(names))}")


def _fix(value: onnx.ValueInfoProto, wanted: Shape | None) -> None:
    """Give one input its shape; in place."""
    dims = value.type.tensor_type.shape.dim
    if not value.type.HasField("tensor_type") or not value.type.tensor_type.HasField("shape"):
        raise InputError(f"input {value.name} of the model has no shape", "export it with the sizes of its inputs")
    sizes = [dim.dim_value if dim.HasField("dim_value") and dim.dim_value > 0 else None for dim in dims]
    if wanted is not None:
        _refuse_unlike(value.name, sizes, wanted)
        sizes = list(wanted)
    elif len(sizes) > 1 and sizes[0] is None:
        sizes[0] = 1
    for number, size in enumerate(sizes):
        if size is None:
            raise _open(value, number)
    if len(sizes) > 1 and sizes[0] != 1:
        raise InputError(
            f"input {value.name} takes {sizes[0]} samples at once, and nodes send one at a time",
            "export it with a batch of one or an open batch",
        )
    for dim, size in zip(dims, sizes, strict=True):
        dim.dim_value = size or 0


def _refuse_unlike(name: str, sizes: list[int | None], wanted: Shape) -> None:
    shown = ",".join("?" if size is None else str(size) for size in sizes)
    if len(wanted) != len(sizes) or any(size not in (None, asked) for size, asked in zip(sizes, wanted, strict=True)):
        raise InputError(f"input {name} has shape {shown}, which {','.join(map(str, wanted))} doesn't fit")


def _open(value: onnx.ValueInfoProto, number: int) -> InputError:
    dims = value.type.tensor_type.shape.dim
    names = [dim.dim_param or (str(dim.dim_value) if dim.dim_value > 0 else "?") for dim in dims]
    called = f" ({dims[number].dim_param})" if dims[number].dim_param else ""
    example = ",".join(["1", *names[1:]])
    return InputError(
        f"dimension {number}{called} of input {value.name} is dynamic, and a stage needs fixed sizes",
        f"--shape {value.name}={example} with numbers for {', '.join(n for n in names[1:] if not n.isdigit())}",
    )


def _replace(graph: onnx.GraphProto, value: onnx.ValueInfoProto, constant: float) -> None:
    """Put a constant in place of an input."""
    import numpy as np
    import onnx

    kind = value.type.tensor_type
    shape = [dim.dim_value for dim in kind.shape.dim]
    filled = np.full(shape, constant).astype(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type))
    if not (filled == constant).all():
        raise InputError(f"input {value.name} is {filled.dtype}, which can't hold {constant:g}")
    graph.initializer.append(onnx.numpy_helper.from_array(filled, value.name))
    graph.input.remove(value)


def _unknown(text: str) -> str | None:
    for pattern in UNKNOWN:
        found = re.search(pattern, text)
        if found:
            return found["op"]
    return None


def _first_line(err: BaseException) -> str:
    """The first line of an error, without onnxruntime's code and place in its own source."""
    lines = [line.strip() for line in str(err).splitlines() if line.strip()] or [type(err).__name__]
    line = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", lines[0])
    return re.sub(r"^/\S+:\d+ .*?\) (?=[A-Z])", "", line)[:300]
