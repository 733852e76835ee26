"""Dicts that can't be changed, for what is handed to code that isn't ours."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any, NoReturn, TypeVar

from telcoai.model.topology import Topology
from telcoai.model.workload import Variant, WorkloadInfo

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ReadOnly(dict[K, V]):
    """A dict whose contents stay; TypeError says so to who tries. A copy of it (any kind) can be changed.

    A dict and no ``MappingProxyType``, so that ``json``, ``copy.deepcopy``, ``pickle`` and ``dataclasses.asdict`` go
    on taking the values that hold one.
    """

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("what a strategy is given can't be changed: change a copy, dict(…), of it")

    __setitem__ = __delitem__ = __ior__ = _refuse
    update = setdefault = pop = popitem = clear = _refuse

    def __reduce__(self) -> tuple[type[dict[Any, Any]], tuple[dict[K, V]]]:
        """A plain dict comes out of a deep copy or a pickle."""
        return dict, (dict(self),)


def read_only_topology(topology: Topology) -> Topology:
    """An equal topology whose mappings can't be changed."""
    profiles = {name: replace(one, stage_s=ReadOnly(one.stage_s)) for name, one in topology.profiles.items()}
    return replace(topology, profiles=ReadOnly(profiles), radios=ReadOnly(topology.radios))


def read_only_workload(workload: WorkloadInfo) -> WorkloadInfo:
    """An equal workload whose mappings can't be changed."""
    return replace(workload, variants=tuple(_variant(one) for one in workload.variants))


def _variant(variant: Variant) -> Variant:
    return replace(variant, exits=tuple(replace(one, table=ReadOnly(one.table)) for one in variant.exits))
