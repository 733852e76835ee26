"""What a scenario asks that can't be had, in a sentence each with the place where it is asked."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from telcoai.experiment.attainable import Unmet, unmet
from telcoai.spec import MarkedScenario
from telcoai.strategy.attainable import ACCURACY, ENERGY, LATENCY, Outcome

NAMED = 3
"""Devices that a sentence names; there may be hundreds."""


@dataclass(frozen=True)
class Shortage:
    """One sentence, with its place in a file, and what it says."""

    place: str
    text: str
    said: Unmet

    @property
    def line(self) -> str:
        """As people read it."""
        return f"{self.place}: warning: {self.text}"

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        said = self.said
        return {
            "place": self.place,
            "text": self.text,
            "service": said.service,
            "cannot_be_met": list(said.kinds),
            "asked": asdict(said.requirements),
            "from_s": said.from_s,
            "until_s": said.until_s,
            "nearest": {device: asdict(one) if one else None for device, one in said.nearest.items()},
        }


def shortages(marked: MarkedScenario) -> list[Shortage]:
    """Of what can't be met even without load, all there is to say."""
    end_s = marked.scenario.duration_s
    return [
        Shortage(marked.requirement(one.service, one.kinds[-1], one.from_s).where, sentence(one, end_s), one)
        for one in unmet(marked.scenario)
    ]


def sentence(said: Unmet, end_s: float) -> str:
    """What can't be met, by whom, when, and the least that can be had."""
    who, when = _names(list(said.nearest)), _when(said.from_s, said.until_s, end_s)
    return f"{said.service}: {_asked(said)} can't be met by {who}{when}, even without load: {_least(said)}"


def _asked(said: Unmet) -> str:
    """The one that others stand in the way of comes first."""
    required = said.requirements
    accuracy = f"accuracy ≥ {required.accuracy_min or 0:g}"
    latency = f"p{required.percentile:g} of {required.deadline_ms or 0:g} ms"
    alone = {ACCURACY: accuracy, LATENCY: latency, ENERGY: f"{required.energy_per_request_j or 0:g} J a request"}
    beside = {ACCURACY: f"at {accuracy}", LATENCY: f"with a {latency}"}
    last, others = alone[said.kinds[-1]], [beside[kind] for kind in said.kinds[:-1]]
    return " ".join([last, *reversed(others)])


def _least(said: Unmet) -> str:
    found = [one for one in said.nearest.values() if one is not None]
    if not found:
        return "they can reach nothing that runs it"
    last = said.kinds[-1]
    ordered = sorted(found, key=lambda one: -_figure(one, last) if last == ACCURACY else _figure(one, last))
    best, worst = ordered[0], ordered[-1]
    unit = {ACCURACY: "", LATENCY: " ms", ENERGY: " J"}[last]
    first, final = (_shown(_figure(one, last), said) + unit for one in (best, worst))
    what, on = ("the most", "down") if last == ACCURACY else ("the least", "up")
    others = "" if first == final else f", for others {on} to {final}"
    return f"{what} is {first} ({_placement(best)}, {best.variant}){others}"


def _figure(one: Outcome, kind: str) -> float:
    return {ACCURACY: one.accuracy, LATENCY: one.tail_ms, ENERGY: one.joules}[kind]


def _shown(value: float, said: Unmet) -> str:
    """With so many digits that it shows to be short of what is asked."""
    required = said.requirements
    limits = {ACCURACY: required.accuracy_min, LATENCY: required.deadline_ms, ENERGY: required.energy_per_request_j}
    limit = limits[said.kinds[-1]] or 0.0
    digits = next((n for n in range(3, 12) if float(f"{value:.{n}g}") != limit), 12)
    return f"{value:.{digits}g}"


def _placement(one: Outcome) -> str:
    return " → ".join(dict.fromkeys(one.hops))


def _names(devices: list[str]) -> str:
    more = len(devices) - NAMED
    if more > 1:
        return f"{', '.join(devices[:NAMED])} and {more} more"
    return " and ".join(filter(None, (", ".join(devices[:-1]), devices[-1])))


def _when(from_s: float, until_s: float, end_s: float) -> str:
    if until_s >= end_s:
        return "" if from_s <= 0 else f" from {from_s:g} s on"
    return f" until {until_s:g} s" if from_s <= 0 else f" from {from_s:g} s until {until_s:g} s"
