"""Which variant a device's requests get when only accuracy and its own compute are looked at."""

from __future__ import annotations

from collections.abc import Iterable

from telcoai.model.plan import Assignment
from telcoai.model.requirements import Requirements
from telcoai.model.view import View
from telcoai.model.workload import Variant, WorkloadInfo
from telcoai.strategy.sites import Sites

ACCURACY_MARGIN = 0.01
"""Added to the accuracy asked: about one standard error of a share near 0.9 over a thousand requests."""


def cheapest(workload: WorkloadInfo, requirements: Requirements, sites: Sites, nodes: tuple[str, ...]) -> Variant:
    """The variant that takes the first node the least time, among those whose last exit keeps the accuracy asked with
    the margin and that every one of ``nodes`` can run. Where none keeps it, the most accurate one that all can run.

    The rule is the same wherever the requests are served, so that fixed placements differ in placement alone.
    """
    able = [v for v in workload.variants if all(_takes(n, workload, v, sites) for n in nodes)]
    able = able or list(workload.variants)
    keeping = [v for v in able if keeps(v.accuracy, requirements)]
    if not keeping:
        return max(able, key=lambda v: v.accuracy)
    return min(keeping, key=lambda v: (sum(sites.seconds(nodes[0], workload, v) or ()), -v.accuracy))


def _takes(node: str, workload: WorkloadInfo, variant: Variant, sites: Sites) -> bool:
    """Whether a node can run the whole variant, by its profile and its memory."""
    runs = sites.seconds(node, workload, variant) is not None
    return runs and sites.holds((node,) * len(variant.stages), variant)


def keeps(accuracy: float, requirements: Requirements) -> bool:
    """Whether a calibrated accuracy keeps what is asked, with the margin."""
    return requirements.accuracy_min is None or accuracy >= requirements.accuracy_min + ACCURACY_MARGIN


def unkept(assignments: Iterable[Assignment], view: View) -> list[str]:
    """A sentence for each service with an assignment whose variant, run whole, doesn't keep the accuracy asked."""
    kept = {(s.name, v.name): keeps(v.accuracy, s.requirements) for s in view.services for v in s.workload.variants}
    short = sorted({one.service for one in assignments if not kept[one.service, one.variant]})
    return [f"no variant keeps the accuracy asked by {name}, the most accurate runs" for name in short]
