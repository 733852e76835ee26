"""Where a scenario's requirements stand in its file."""

from __future__ import annotations

from dataclasses import dataclass

from telcoai.model.scenario import Scenario
from telcoai.spec.library import Source
from telcoai.spec.nodes import Mark
from telcoai.spec.scenario_form import RequirementsForm, ScenarioDocument, ServiceEvent


@dataclass(frozen=True)
class MarkedScenario:
    """A scenario and the document that it was read from."""

    scenario: Scenario
    source: Source

    def requirement(self, service: str, kind: str, at_s: float) -> Mark:
        """Where that which is in force of a ``kind`` (latency, accuracy or energy) at a time was written."""
        spec = ScenarioDocument.model_validate(self.source.table.plain()).spec
        index = next(k for k, one in enumerate(spec.services) if one.name == service)
        place: tuple[str | int, ...] = ("services", index, "requirements", kind)
        for number, event in sorted(enumerate(spec.timeline), key=lambda pair: pair[1].at):
            if isinstance(event, ServiceEvent) and event.service == service and event.at <= at_s:
                place = ("timeline", number, "requirements", kind) if _names(event.requirements, kind) else place
        return self.source.mark("spec", *place)


def _names(written: RequirementsForm | None, kind: str) -> bool:
    return written is not None and getattr(written, kind) is not None
