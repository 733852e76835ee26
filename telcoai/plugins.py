"""Strategies and workloads that others bring: by entry point, or from a file as ``./mine.py:Mine``.

Finding a name reads installed packages' metadata only; nothing of a plugin runs before ``load``. What a plugin prints
while it is loaded goes to the standard error: the standard output is for results.
"""

from __future__ import annotations

import difflib
import importlib.util
import sys
import traceback
from collections.abc import Collection
from contextlib import redirect_stdout
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from telcoai.errors import PluginError, TelcoaiError
from telcoai.model.view import Strategy
from telcoai.model.workload import WorkloadInfo

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STRATEGIES = "telcoai.strategies"
WORKLOADS = "telcoai.workloads"
_WORDS = ((STRATEGIES, "strategy"), (WORKLOADS, "workload"))


def names(group: str) -> list[str]:
    """Names of a group, sorted."""
    return sorted({point.name for point in entry_points(group=group)})


def is_file(reference: str) -> bool:
    """Whether a reference is ``file.py:Name`` rather than the name of an entry point."""
    return ".py" in reference or "/" in reference


def split(reference: str) -> tuple[str, str]:
    """File and name of ``file.py:Name``; PluginError when it isn't written so."""
    file, _, name = reference.rpartition(":")
    if not file.endswith(".py") or not name.isidentifier():
        raise PluginError(f"{reference!r} is not a file and a name", "write it like ./mine.py:Mine")
    return file, name


def refuse_unknown(group: str, name: str, installed: Collection[str]) -> None:
    """PluginError unless ``name`` is among those ``installed`` (``names(group)``)."""
    if name in installed:
        return
    word, near = dict(_WORDS).get(group, group), difflib.get_close_matches(name, installed, n=1)
    hint = f"did you mean {near[0]}?" if near else "an own one is written ./mine.py:Mine"
    raise PluginError(f"there is no {word} {name!r} (allowed: {', '.join(installed) or 'none is installed'})", hint)


def strategy_names() -> list[str]:
    """Names of the strategies that are installed."""
    return names(STRATEGIES)


def load_strategy(reference: str) -> Strategy:
    """A strategy, made without arguments; PluginError when it isn't one."""
    strategy = _made(reference, load(STRATEGIES, reference))
    missing = [name for name in ("name", "summary") if not isinstance(getattr(strategy, name, None), str)]
    missing += [] if callable(getattr(strategy, "plan", None)) else ["plan"]
    if missing:
        hint = "a strategy has a name, a summary and plan(view) -> Plan"
        raise PluginError(f"{reference} is not a strategy: it lacks {', '.join(missing)}", hint)
    made: Strategy = strategy  # type: ignore[assignment]
    return made


class Workload(Protocol):
    """What is needed of a workload beside its files."""

    @property
    def info(self) -> WorkloadInfo:
        """What is known of it."""
        ...

    def score(self, predictions: NDArray[np.integer], numbers: NDArray[np.integer]) -> NDArray[np.float64]:
        """How right each prediction is, from 0 to 1, for the samples of these numbers."""
        ...


def load_workload(reference: str) -> Workload:
    """A workload; PluginError when it isn't one."""
    workload: Any = _made(reference, load(WORKLOADS, reference))
    missing = [name for name in ("samples", "score") if not callable(getattr(workload, name, None))]
    missing += [] if hasattr(type(workload), "info") or hasattr(workload, "info") else ["info"]
    if missing or not isinstance(workload.info, WorkloadInfo):
        missing = missing or ["info of type WorkloadInfo"]
        hint = "a workload has info, samples() and score(predictions, numbers)"
        raise PluginError(f"{reference} is not a workload: it lacks {', '.join(sorted(missing))}", hint)
    made: Workload = workload
    return made


def load(group: str, reference: str) -> object:
    """What a reference names: an entry point's or a file's class or function. A file's path counts from here.

    PluginError says what is wrong: unknown, unreadable, or failing while it is imported.
    """
    if is_file(reference):
        file, name = split(reference)
        module = _module(Path(file))
        if not hasattr(module, name):
            found = [n for n in vars(module) if not n.startswith("_")]
            near = difflib.get_close_matches(name, found, n=1)
            raise PluginError(f"{file} has no {name}", f"did you mean {near[0]}?" if near else "")
        return getattr(module, name)
    refuse_unknown(group, reference, names(group))
    point = next(iter(entry_points(group=group, name=reference)))
    try:
        with redirect_stdout(sys.stderr):
            return point.load()
    except (Exception, SystemExit) as err:  # another package's code may raise anything
        raise PluginError(f"{reference} ({point.value}) can't be loaded: {_last(err)}") from err


def _made(reference: str, loaded: object) -> object:
    """What a class or function makes when called without arguments; anything else is taken as it is."""
    if not callable(loaded):
        return loaded
    try:
        with redirect_stdout(sys.stderr):
            return loaded()
    except TelcoaiError:
        raise
    except (Exception, SystemExit) as err:  # a person's own code may raise anything
        raise PluginError(f"{reference} can't be made: {_last(err)}") from err


def _module(path: Path) -> ModuleType:
    """Import a file under a name of its own, so that it hides no installed module."""
    path = path.resolve()
    if not path.is_file():
        raise PluginError(f"there is no file {path}")
    name = f"telcoai_plugin_{path.stem}_{abs(hash(path)):x}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with redirect_stdout(sys.stderr):
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as err:  # a person's own code may raise anything
        del sys.modules[name]
        raise PluginError(f"{path} can't be loaded: {_last(err, path)}") from err
    return module


def _last(err: BaseException, path: Path | None = None) -> str:
    """What was raised, and the last line of the file at which it was."""
    frames = [f for f in traceback.extract_tb(err.__traceback__) if path is None or f.filename == str(path)]
    line = getattr(err, "lineno", None) if isinstance(err, SyntaxError) else None
    line = line or (frames[-1].lineno if frames and path is not None else None)
    return f"{type(err).__name__}: {err}" + (f" (line {line})" if line else "")
