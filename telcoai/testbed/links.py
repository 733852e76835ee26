"""What was measured of a testbed's links, beside what was asked."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from telcoai.emulation.measure import LinkMeasure
from telcoai.errors import LinkError
from telcoai.model.topology import Topology
from telcoai.testbed.network import Network
from telcoai.testbed.state import write_private

LINKS = "links.json"


def verify(topology: Topology, network: Network, folder: Path) -> None:
    """Measure all links and keep what came out in the testbed's folder. LinkError when one is out of tolerance."""
    measured = network.measure()
    write_private(folder / LINKS, json.dumps(verification(topology, measured), indent=1))
    refuse_bad_links(measured)


def verification(topology: Topology, measured: Iterable[LinkMeasure]) -> list[dict[str, Any]]:
    """Rows of links.json: each link as asked and as measured (rates None where only the delay was measured)."""
    by_name = {link.name: link for link in topology.links}
    return [
        {
            "between": [by_name[one.link].a, by_name[one.link].b],
            "configured": {"up": asdict(by_name[one.link].up), "down": asdict(by_name[one.link].down)},
            "measured": {"rtt_ms": one.rtt_ms, "up": asdict(one.up), "down": asdict(one.down)},
            "problems": list(one.problems),
        }
        for one in measured
    ]


def refuse_bad_links(measured: Iterable[LinkMeasure]) -> None:
    """LinkError that names every link out of tolerance."""
    bad = [problem for one in measured for problem in one.problems]
    if bad:
        raise LinkError(
            "links are not as asked: " + "; ".join(bad),
            "the host may be too busy to emulate them: try again, or ask for lower rates",
        )
