"""Reads what users write (YAML) and hands it on as values of ``telcoai.model``.

Knows the files' form, their references to each other and every check that needs no machine. Must not start, measure
or import anything of a testbed, a strategy or a workload, and never lets anything but SpecError out.
"""

from telcoai.spec.json_schema import KINDS, schema
from telcoai.spec.loading import (
    load_marked,
    load_profile,
    load_scenario,
    load_testbed,
    load_workload,
    scenarios_in,
    validate,
)
from telcoai.spec.marks import MarkedScenario

__all__ = [
    "KINDS",
    "MarkedScenario",
    "load_marked",
    "load_profile",
    "load_scenario",
    "load_testbed",
    "load_workload",
    "scenarios_in",
    "schema",
    "validate",
]
