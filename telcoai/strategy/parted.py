"""A service in parts, of whose devices different accuracies are asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from telcoai.model.view import ServiceView, View


def parted(view: View, less: Mapping[str, Mapping[str, float]]) -> View:
    """The view with ``less`` accuracy asked of devices, by service and device; nothing less of those not in it."""
    return replace(view, services=tuple(part for one in view.services for part in _parts(one, less.get(one.name, {}))))


def _parts(service: ServiceView, less: Mapping[str, float]) -> list[ServiceView]:
    asked = service.requirements
    if asked.accuracy_min is None:
        return [service]
    groups: dict[float, list[str]] = defaultdict(list)
    for device in service.rate_per_s:
        groups[less.get(device, 0.0)].append(device)
    if not groups:
        return [service]
    return [
        replace(
            service,
            requirements=replace(asked, accuracy_min=asked.accuracy_min - lower),
            rate_per_s={device: service.rate_per_s[device] for device in devices},
        )
        for lower, devices in sorted(groups.items())
    ]
