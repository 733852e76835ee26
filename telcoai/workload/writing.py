"""The text of a ``workload.yaml``: rows on one line each, everything else in blocks."""

from __future__ import annotations

from typing import Any

import yaml

from telcoai.workload.cost import StageCost


class Row(dict[str, Any]):
    """A mapping written on one line."""


class Items(list[float]):
    """A list written on one line."""


class _Dumper(yaml.SafeDumper):
    """Writes rows and items on one line each, everything else in blocks."""


def document(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    """The whole document of a workload."""
    return {"apiVersion": "telcoai/v1alpha1", "kind": "Workload", "metadata": {"name": name}, "spec": spec}


def stage_row(file: str, cost: StageCost) -> Row:
    """What is written of a stage."""
    shape = list(cost.activation_shape)
    return Row(file=file, flops=cost.flops, param_bytes=cost.param_bytes, activation_shape=shape)


def text_of(document: dict[str, Any]) -> str:
    """The document as YAML."""
    return str(yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=120))


def _represent_row(dumper: yaml.SafeDumper, row: Row) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", row, flow_style=True)


def _represent_items(dumper: yaml.SafeDumper, items: Items) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=True)


_Dumper.add_representer(Row, _represent_row)
_Dumper.add_representer(Items, _represent_items)
