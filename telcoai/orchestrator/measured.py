"""Link measurements of a running testbed, in the form that the probe takes."""

from __future__ import annotations

from telcoai.network.probe import Measure, Seen
from telcoai.testbed.running import Testbed


def measure_links(testbed: Testbed) -> Measure:
    """A function that measures the delays of all links of a testbed and reads their counters."""

    def measure() -> dict[tuple[str, str], Seen]:
        delays: dict[tuple[str, str], float | None] = {}
        for one in testbed.network.delays():
            delays[one.link, "up"], delays[one.link, "down"] = one.up.delay_ms, one.down.delay_ms
        return {
            (one.link, one.direction): Seen(
                delays.get((one.link, one.direction)),
                one.packets,
                one.bytes,
                one.dropped_queue,
                one.dropped_loss,
            )
            for one in testbed.network.counters().directions
        }

    return measure
