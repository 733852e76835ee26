"""What models take of a node's memory, and what a plan needs of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from telcoai.model.plan import ANYWHERE, Assignment
from telcoai.model.topology import DeviceProfile, Topology
from telcoai.model.workload import Variant, WorkloadInfo

COPIES = 2
"""Times that parameters are in memory: as stored, and packed anew for the processor's kernels.

Estimate. onnxruntime 1.x on x86-64 grew by 1.0 times the parameters for int8 stages of EfficientNet-Lite and by 5 to 7
for fp32 ones, what its allocator keeps after loading included."""

EXPANSION = 12
"""Values of a stage's work space for each value that goes into it or comes out of it.

Estimate: an inverted residual block widens its input six times (Sandler et al., MobileNetV2, 2018) and holds the wide
tensor twice, before and after its depthwise convolution."""

VALUE_BYTES = {"fp32": 4, "int8": 1}

DRAIN_S = 0.1
"""Before stages that are in use make room for those of a new plan, devices get so long to hear of it."""

Held = tuple[str, str, int]
"""A stage in memory: workload, variant and number of the stage."""


def stage_bytes(variant: Variant, stage: int) -> int:
    """Memory of one loaded stage: ``COPIES`` × parameters + ``EXPANSION`` × (values in and out) × bytes of a value."""
    one = variant.stages[stage]
    values = variant.stages[stage - 1].activation_values if stage else variant.input_bytes
    space = EXPANSION * (values + one.activation_values) * VALUE_BYTES[variant.precision]
    return COPIES * one.param_bytes + space


def load_seconds(profile: DeviceProfile, variant: Variant, stage: int) -> float:
    """Time to load one stage: parameters / read rate of the storage + time to make a session.

    0 where the profile doesn't say: models are then taken to be loaded already.
    """
    if profile.load_bytes_per_s is None or profile.load_session_s is None:
        return 0.0
    return variant.stages[stage].param_bytes / profile.load_bytes_per_s.value + profile.load_session_s.value


def needs(assignment: Assignment, workload: WorkloadInfo) -> dict[str, set[Held]]:
    """Stages that an assignment needs in the memory of each node: of its rows of hops, and of its device to fall
    back on.

    What Kubernetes places is left out: nobody knows where.
    """
    counts = {variant.name: len(variant.stages) for variant in workload.variants}
    found = stages_needed(assignment, counts)
    return {node: {(workload.name, variant, stage) for variant, stage in keys} for node, keys in found.items()}


def stages_needed(assignment: Assignment, counts: Mapping[str, int]) -> dict[str, set[tuple[str, int]]]:
    """As ``needs``, as (variant, stage); ``counts``: how many stages each variant has."""
    found: dict[str, set[tuple[str, int]]] = {}
    for row in assignment.rows:
        for stage, hop in enumerate(row):
            if hop != ANYWHERE:
                found.setdefault(hop, set()).add((assignment.variant, stage))
    if assignment.fallback == "local" or (assignment.admit < 1 and assignment.otherwise == "degrade"):
        name = assignment.fallback_variant or assignment.variant
        found.setdefault(assignment.device, set()).update((name, stage) for stage in range(counts[name]))
    return found


def together(parts: Iterable[Mapping[str, set[Held]]]) -> dict[str, set[Held]]:
    """What several assignments need: a stage that many of them use is there once."""
    found: dict[str, set[Held]] = {}
    for part in parts:
        for node, held in part.items():
            found.setdefault(node, set()).update(held)
    return found


def total_bytes(held: Iterable[Held], workloads: Mapping[str, WorkloadInfo]) -> int:
    """Memory that stages take together."""
    return sum(stage_bytes(workloads[workload].variant(variant), stage) for workload, variant, stage in held)


def memory_of(topology: Topology, node: str) -> int:
    """Bytes of a node that models may take: what the testbed says, else the memory of its profile."""
    return topology.node(node).memory_bytes or topology.profile_of(node).memory_bytes
