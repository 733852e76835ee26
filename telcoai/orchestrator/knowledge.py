"""What strategies know of a testbed, which may be wrong: a scenario declares by how much.

Emulated nodes and links go by the truth; a view holds what this module makes of it. Each figure is multiplied by a
factor of its own that is drawn once a run, evenly from [1 - error, 1 + error].
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

from telcoai.model.scenario import Knowledge
from telcoai.model.topology import Band, DeviceProfile, Link, LinkState, RadioProfile, Topology
from telcoai.model.view import LinkView

MOST_SHARE = 0.99
"""Of a batch's time, what can be taken to be shared at most."""


class Known:
    """What is known of a testbed with a declared error; the same for the same seed."""

    def __init__(self, knowledge: Knowledge, seed: int) -> None:
        self._knowledge = knowledge
        self._seed = seed

    def topology(self, truth: Topology) -> Topology:
        """Profiles, radios and links as they are known. Cores, memory and who is linked to whom are never wrong."""
        return replace(
            truth,
            profiles={name: self._profile(one) for name, one in truth.profiles.items()},
            radios={name: self._radio(one) for name, one in truth.radios.items()},
            links=tuple(self._link(link) for link in truth.links),
        )

    def links(self, seen: Mapping[str, LinkView]) -> Mapping[str, LinkView]:
        """Measured links as they are known: each with the same error all the time."""
        if self._knowledge.links == 0:
            return seen
        return {
            name: replace(one, up=self._state(name, "up", one.up), down=self._state(name, "down", one.down))
            for name, one in seen.items()
        }

    def _profile(self, one: DeviceProfile) -> DeviceProfile:
        if self._knowledge.profiles == 0:
            return one

        def off(band: Band, *what: str) -> Band:
            return _times(band, self._factor(self._knowledge.profiles, one.name, *what))

        return replace(
            one,
            power_idle_w=off(one.power_idle_w, "idle"),
            power_busy_w=off(one.power_busy_w, "busy"),
            overhead_s=off(one.overhead_s, "overhead"),
            speeds=tuple(replace(s, gflops=off(s.gflops, s.precision, s.family)) for s in one.speeds),
            stage_s={name: self._stages(one.name, name, times) for name, times in one.stage_s.items()},
            jpeg_decode_mpx_s=None if one.jpeg_decode_mpx_s is None else off(one.jpeg_decode_mpx_s, "jpeg"),
            load_bytes_per_s=None if one.load_bytes_per_s is None else off(one.load_bytes_per_s, "load"),
            load_session_s=None if one.load_session_s is None else off(one.load_session_s, "session"),
            batch_shared=None if one.batch_shared is None else _share(off(one.batch_shared, "batching")),
        )

    def _stages(self, profile: str, variant: str, times: tuple[float, ...]) -> tuple[float, ...]:
        factor = self._factor(self._knowledge.profiles, profile, variant)
        return tuple(seconds * factor for seconds in times)

    def _radio(self, one: RadioProfile) -> RadioProfile:
        if self._knowledge.profiles == 0:
            return one

        def off(band: Band, what: str) -> Band:
            return _times(band, self._factor(self._knowledge.profiles, one.name, what))

        return replace(
            one,
            up_nj_per_bit=off(one.up_nj_per_bit, "up"),
            down_nj_per_bit=off(one.down_nj_per_bit, "down"),
            base_w=off(one.base_w, "base"),
            tail_s=off(one.tail_s, "tail"),
        )

    def _link(self, link: Link) -> Link:
        if self._knowledge.links == 0:
            return link
        return replace(link, up=self._state(link.name, "up", link.up), down=self._state(link.name, "down", link.down))

    def _state(self, link: str, direction: str, state: LinkState) -> LinkState:
        delay, rate = (self._factor(self._knowledge.links, link, direction, what) for what in ("delay", "rate"))
        return replace(state, delay_ms=state.delay_ms * delay, rate_bps=state.rate_bps * rate)

    def _factor(self, error: float, *what: str) -> float:
        return 1 + error * random.Random("/".join((str(self._seed), *what))).uniform(-1, 1)


def _share(band: Band) -> Band:
    """A share that an error has carried beyond one is just below it."""
    low, value, high = (min(share, MOST_SHARE) for share in (band.low, band.value, band.high))
    return replace(band, low=low, value=value, high=high)


def _times(band: Band, factor: float) -> Band:
    return replace(band, value=band.value * factor, low=band.low * factor, high=band.high * factor)
