"""How long a stage takes on a device profile."""

from __future__ import annotations

from telcoai.model.topology import Band, DeviceProfile
from telcoai.model.workload import Variant


def stage_seconds(profile: DeviceProfile, variant: Variant, stage: int, family: str) -> float:
    """Time of one stage of one sample on one core, in seconds.

    In this order: the profile's measurement of that very stage; the speed published for the family; the speed of the
    precision. KeyError when the profile knows no speed for the variant's precision, or has other stages' times.
    """
    measured = profile.stage_s.get(variant.name)
    if measured is not None:
        if len(measured) != len(variant.stages):
            raise KeyError(f"it has {len(measured)} stage times for {variant.name}, of {len(variant.stages)} stages")
        return measured[stage]
    speed = speed_of(profile, variant.precision, family)
    return profile.overhead_s.value + variant.stages[stage].flops / (speed.value * 1e9)


def once_seconds(profile: DeviceProfile, variant: Variant, stage: int, family: str) -> float:
    """The part of a stage's time that a batch takes once, however many samples are in it, in seconds.

    A batch's time is taken for affine in its size b: once + b × (stage - once), as measured for networks on GPUs by
    Crankshaw et al. (Clipper, NSDI'17) and Shen et al. (Nexus, SOSP'19). Once come the overhead of a call and the share
    of the rest that the profile knows of, ``batch_shared``; without that figure the overhead alone is shared.
    """
    whole_s = stage_seconds(profile, variant, stage, family)
    overhead_s = min(profile.overhead_s.value, whole_s)
    shared = 0.0 if profile.batch_shared is None else profile.batch_shared.value
    return overhead_s + shared * (whole_s - overhead_s)


def batch_seconds(stage_s: float, once_s: float, size: float) -> float:
    """Time of a stage of ``size`` samples together on one core, in seconds; ``stage_s`` of one alone."""
    return stage_s + (size - 1) * (stage_s - once_s)


def speed_of(profile: DeviceProfile, precision: str, family: str) -> Band:
    """Effective GFLOP/s of one core, the family's own when the profile has it."""
    fitting = [s for s in profile.speeds if s.precision == precision and s.family in ("", family)]
    if not fitting:
        raise KeyError(f"profile {profile.name} has no speed for precision {precision}")
    return max(fitting, key=lambda s: s.family != "").gflops


def decode_seconds(profile: DeviceProfile, variant: Variant) -> float:
    """Time to decode one JPEG frame of a variant's size on one core, in seconds; KeyError when the profile lacks it."""
    if profile.jpeg_decode_mpx_s is None:
        raise KeyError(f"profile {profile.name} has no jpeg_decode")
    return variant.input_size**2 / (profile.jpeg_decode_mpx_s.value * 1e6)


def total_seconds(profile: DeviceProfile, variant: Variant, family: str) -> float:
    """Time of all stages of one sample on one core, in seconds."""
    return sum(stage_seconds(profile, variant, s.index, family) for s in variant.stages)
