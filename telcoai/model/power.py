"""Power figures of the model, with bands, from the profiles of a testbed.

A node draws its idle power all the time, and (busy - idle) / cores for each core-second that it computes. A radio adds
nanojoules per bit in each direction and its base power while it is connected, which is from the first byte until
``tail_s`` after the last one. Slopes and base powers of the shipped radios are fits on the data of Narayanan et al.,
"A Variegated Look at 5G in the Wild" (SIGCOMM 2021): at a few Mbit/s the base power dominates.
"""

from __future__ import annotations

from telcoai.model.topology import Band, DeviceProfile, Link, Tier, Topology

JOULES_PER_NANOJOULE = 1e-9


def core_power(profile: DeviceProfile) -> Band:
    """Watts that one busy core adds to the idle power: (busy - idle) / cores.

    The band pairs the least busy with the most idle power and the other way round, never below zero. It also holds
    how much longer or shorter the core would really be busy, by the bands of the profile's speeds: a stage that takes
    half the time at the same power costs half the energy.
    """
    idle, busy = profile.power_idle_w, profile.power_busy_w
    shortest, longest = _busy_times(profile)
    low = max(0.0, busy.low - idle.high) / profile.cores * shortest
    value = max(0.0, busy.value - idle.value) / profile.cores
    high = max(0.0, busy.high - idle.low) / profile.cores * longest
    return Band(value, min(low, value), max(high, value))


def _busy_times(profile: DeviceProfile) -> tuple[float, float]:
    """Least and greatest time of a stage over its paced time, the widest of the profile's speeds."""
    shortest = min((speed.gflops.value / speed.gflops.high for speed in profile.speeds), default=1.0)
    longest = max((speed.gflops.value / speed.gflops.low for speed in profile.speeds), default=1.0)
    return shortest, longest


def owner(link: Link, topology: Topology) -> str:
    """The node that carries a link's radio: its device end, or ``a`` when both or neither are devices."""
    ends = (topology.node(link.a).tier, topology.node(link.b).tier)
    return link.b if ends[1] == Tier.DEVICE and ends[0] != Tier.DEVICE else link.a


def scaled(band: Band, amount: float) -> Band:
    """The band times an amount that is known exactly."""
    return Band(band.value * amount, band.low * amount, band.high * amount)
