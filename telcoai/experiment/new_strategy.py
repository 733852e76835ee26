"""A strategy to begin with: a file that works, and a test beside it."""

from __future__ import annotations

import keyword
import re
import sys
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from string import Template

from telcoai.errors import InputError
from telcoai.plugins import strategy_names

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""kebab-case, as strategies are named."""

STRATEGY = Template('''\
"""$name: say here what it does, and why."""

from telcoai.model.plan import Assignment, Plan
from telcoai.model.topology import Tier
from telcoai.strategy.choice import cheapest
from telcoai.strategy.sites import as_measured

SURE = 0.95  # confidence at which a request leaves early


class $class_name:
    name, summary = "$name", "everything on the nearest edge node, leaving early when sure"

    def plan(self, view):
        sites = as_measured(view)
        served = [(service, device) for service in view.services for device in service.rate_per_s]
        return Plan(tuple(self.assign(*one, sites) for one in served), reason="the nearest edge node that lives")

    def assign(self, service, device, sites):
        node = (*sites.nearest(device, Tier.EDGE, service.domain), device)[0]  # itself where no edge node lives
        variant = cheapest(service.workload, service.requirements, sites, (device, node))
        hops = (node,) * len(variant.stages)
        leave = (SURE,) * (len(variant.stages) - 1)
        return Assignment(service.name, device, variant.name, hops, leave, fallback_variant=variant.name)
''')

TEST = Template('''\
"""Tries $class_name on views that are made up; run with pytest."""

from pathlib import Path

from telcoai.plugins import load_strategy
from telcoai.strategy.trial import faults, trial_view

FILE = Path(__file__).with_name("$module.py")


def test_its_plans_can_be_applied_and_the_same_view_gives_the_same_plan():
    assert faults(load_strategy(f"{FILE}:$class_name")) == []


def test_all_well_means_that_everybody_uses_the_edge():
    plan = load_strategy(f"{FILE}:$class_name").plan(trial_view())
    assert {hop for one in plan.assignments for hop in one.hops} == {"edge-1"}
''')


@dataclass(frozen=True, slots=True)
class NewStrategy:
    """What was written; ``reference`` is how ``--strategy`` names it from the current folder."""

    strategy: Path
    test: Path
    reference: str


def write_strategy(name: str, folder: Path) -> NewStrategy:
    """Write ``my_own.py`` and ``test_my_own.py`` for ``my-own``; InputError for a bad name and for files that exist."""
    module = _module(name)
    class_name = "".join(part.capitalize() for part in name.split("-"))
    words = {"name": name, "module": module, "class_name": class_name}
    new = NewStrategy(
        folder / f"{module}.py", folder / f"test_{module}.py", f"{_from_here(folder, module)}:{class_name}"
    )
    there = [str(path) for path in (new.strategy, new.test) if path.exists()]
    if there:
        raise InputError(f"{' and '.join(there)} is there already", "choose another name, or another folder with --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, template in ((new.strategy, STRATEGY), (new.test, TEST)):
            with path.open("x", encoding="utf-8") as file:
                file.write(template.substitute(words))
    except OSError as err:
        raise InputError(f"can't write to {folder}: {err.strerror}", "choose another folder with --out") from err
    return new


def _module(name: str) -> str:
    """The module's name; InputError for one that can't be, or that would hide what others import."""
    if not NAME.fullmatch(name):
        raise InputError(f"{name!r} can't be a strategy's name", "small letters, digits and hyphens, such as my-own")
    module = name.replace("-", "_")
    if keyword.iskeyword(module):
        raise InputError(f"{module} is a word of Python's own", "choose another name")
    if name in strategy_names():
        raise InputError(f"a strategy {name} is installed already", "choose another name")
    if module in sys.stdlib_module_names or _is_installed(module):
        raise InputError(f"{module}.py would hide the installed module {module}", "choose another name")
    return module


def _is_installed(module: str) -> bool:
    """Whether others can import it; what lies in the current folder doesn't count."""
    here = Path.cwd()
    return (
        PathFinder.find_spec(module, [path for path in sys.path if path and Path(path).resolve() != here]) is not None
    )


def _from_here(folder: Path, module: str) -> str:
    """The file's path as a strategy's reference, which needs a slash."""
    path = str(folder / f"{module}.py")
    return path if folder.is_absolute() or path.startswith("..") else f"./{path}"
