"""A profile's YAML as a person would lay it out: short things on a line, long sources folded under their key."""

from __future__ import annotations

from typing import Any

import yaml

WIDTH = 118
SHORT = 80
"""Characters of what may stand on a line of its own with its key."""


class _Dumper(yaml.SafeDumper):
    """Block style for what is long, flow style for what is short."""

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        del flow_style  # by length, whatever was asked for
        is_flat = all(not isinstance(value, dict | list) for value in mapping.values())
        is_short = is_flat and sum(len(f"{key}: {value}, ") for key, value in mapping.items()) <= SHORT
        return super().represent_mapping(tag, mapping, flow_style=is_short)

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> yaml.SequenceNode:
        del flow_style
        is_short = all(not isinstance(value, dict | list) and len(str(value)) <= SHORT for value in sequence)
        return super().represent_sequence(tag, sequence, flow_style=is_short)


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=">" if len(value) > SHORT else None)


_Dumper.add_representer(str, _text)


def laid_out(document: dict[str, Any]) -> str:
    """The document as YAML, its keys in their own order."""
    return str(yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH))
