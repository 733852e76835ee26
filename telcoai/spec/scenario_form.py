"""A scenario as written."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from telcoai.spec.form import Document, Form, Name, Reference
from telcoai.spec.quantities import Joules, Milliseconds, PerSecond, Seconds, Share
from telcoai.spec.testbed_form import Directions, Ends

LONGEST_S = 7 * 86400.0
LONGEST_LIFE_S = 100 * 365 * 86400.0
Moment = Annotated[Seconds, Field(le=LONGEST_S)]
Rate = Annotated[PerSecond, Field(gt=0)]
Phase = Annotated[Share, Field(lt=1)]
Length = Annotated[Seconds, Field(gt=0, le=LONGEST_S)]


class Constant(Form):
    """Evenly spaced requests."""

    arrival: Literal["constant"]
    rate: PerSecond
    phase: Phase | None = Field(
        None, description="Where between two requests it begins; drawn from the seed if left out."
    )


class Poisson(Form):
    """Independent requests."""

    arrival: Literal["poisson"]
    rate: PerSecond


class Gamma(Form):
    """Bursts: gamma-distributed gaps whose coefficient of variation is ``cv`` (1 is Poisson)."""

    arrival: Literal["gamma"]
    rate: Rate
    cv: Annotated[float, Field(ge=0.01, le=100)]


class Trace(Form):
    """Requests at the times of a CSV file: one column of seconds, a header line allowed."""

    arrival: Literal["trace"]
    trace: Reference


class Ramp(Form):
    """Poisson requests whose rate goes evenly from ``rate`` to ``to`` during ``over``, and stays there."""

    arrival: Literal["ramp"]
    rate: PerSecond
    to: PerSecond
    over: Length


class Diurnal(Form):
    """Poisson requests whose rate swings around ``rate`` by ``amplitude`` once a ``period``."""

    arrival: Literal["diurnal"]
    rate: Rate
    period: Length
    amplitude: Share
    phase: Phase | None = Field(None, description="Where in the period it begins; 0 (the mean, rising) unless said.")


DemandForm = Annotated[Constant | Poisson | Gamma | Trace | Ramp | Diurnal, Field(discriminator="arrival")]


class Latency(Form):
    """A percentile of latency and its deadline; exactly one."""

    p50: Milliseconds | None = None
    p90: Milliseconds | None = None
    p95: Milliseconds | None = None
    p99: Milliseconds | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("needs exactly one percentile of p50, p90, p95, p99, like {p95: 150ms}")
        return self


class Accuracy(Form):
    """Share of answers that must be right."""

    min: Share


class Energy(Form):
    """Joules that a request may take, on all nodes and radios that it touches, and how long batteries have to last."""

    per_request: Joules | None = None
    lasts: Annotated[Seconds, Field(gt=0, le=LONGEST_LIFE_S)] | None = Field(
        None, description="From a run's start until a device's battery is empty, at the mean power of the whole device."
    )

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.per_request is None and self.lasts is None:
            raise ValueError("needs one of the keys per_request, lasts")
        return self


class RequirementsForm(Form):
    """What a service asks for; what isn't named isn't asked."""

    latency: Latency | None = None
    accuracy: Accuracy | None = None
    energy: Energy | None = None
    weight: Annotated[float, Field(gt=0, le=1000)] | None = None
    """How much the service counts where requirements of several compete; 1 unless said."""


class ServiceForm(Form):
    """One service."""

    name: Name
    workload: Reference = Field(description="Name of a workload, or `./file.py:name` of one's own.")
    devices: Annotated[list[Name], Field(min_length=1)] | None = Field(
        None, description="Device nodes or groups that send its requests; all devices unless said."
    )
    demand: DemandForm = Field(description="Requests of each device.")
    requirements: RequirementsForm = RequirementsForm()
    domain: Name | None = Field(None, description="Whose it is: nodes may be closed to it, or to those without one.")
    frames: Literal["raw", "jpeg"] = Field("raw", description="Form of frames that travel to another node.")


class LinkEvent(Directions):
    """From ``at`` on, the link has these values; what isn't named stays as it is."""

    at: Moment
    link: Ends


class ServiceEvent(Form):
    """From ``at`` on, the service is there or gone, or has this demand or these requirements."""

    at: Moment
    service: Name
    state: Literal["arrives", "departs"] | None = Field(
        None, description="One that arrives first of all isn't there before; its requests begin two periods later."
    )
    demand: DemandForm | None = None
    requirements: RequirementsForm | None = Field(None, description="Those named; the others stay as they are.")

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.state is None and self.demand is None and self.requirements is None:
            raise ValueError("changes nothing (allowed: state, demand, requirements)")
        return self


class NodeEvent(Form):
    """At ``at`` the node, or each of the group, crashes, is cut off, or is back; or its workload is killed."""

    at: Moment
    node: Name
    state: Literal["stopped", "unreachable", "running"] | None = None
    workload: Literal["killed"] | None = Field(None, description="It comes back by itself.")

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        if (self.state is None) == (self.workload is None):
            raise ValueError("needs one of the keys state, workload")
        return self


def _what(event: Any) -> str | None:
    """Which of the events it is, by its telling key."""
    if isinstance(event, dict):
        kinds = {"link": "LinkEvent", "service": "ServiceEvent", "node": "NodeEvent"}
        return next((kinds[key] for key in kinds if key in event), None)
    return type(event).__name__


EventForm = Annotated[
    Annotated[LinkEvent, Tag("LinkEvent")]
    | Annotated[ServiceEvent, Tag("ServiceEvent")]
    | Annotated[NodeEvent, Tag("NodeEvent")],
    Discriminator(
        _what,
        custom_error_type="no_event",
        custom_error_message="an event needs one of the keys link, service, node",
    ),
]


class BoundsForm(Form):
    """Bounds of a run's checks on itself."""

    driver_lag_p99: Milliseconds = 2.0
    overruns: Share = 0.01
    host_utilisation: Share = 0.95


class KnowledgeForm(Form):
    """By how much what strategies know is wrong at most; nodes and links themselves go by the truth."""

    profiles: Annotated[Share, Field(lt=1, description="Speeds, times and powers of devices and radios.")] = 0.0
    links: Annotated[Share, Field(lt=1, description="Delays and rates of links.")] = 0.0


class ScenarioSpec(Form):
    """What is asked of a testbed, by whom, and what happens meanwhile."""

    testbed: Reference = Field(description="Name of a testbed, or the path of its file.")
    services: Annotated[list[ServiceForm], Field(min_length=1, max_length=100)]
    timeline: Annotated[list[EventForm], Field(max_length=2_000)] = Field(default_factory=list)
    strategies: Annotated[list[Reference], Field(min_length=1, max_length=100)] = Field(
        description="Names of strategies, or `./mine.py:Mine` of one's own."
    )
    warmup: Annotated[Seconds, Field(le=LONGEST_S)] = 3.0
    duration: Length
    repetitions: Annotated[int, Field(ge=1, le=1000)] = 1
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
    period: Annotated[Seconds, Field(ge=0.1, le=3600)] = Field(1.0, description="Between two decisions of a strategy.")
    compute: Literal["auto", "run", "replay"] = "auto"
    bounds: BoundsForm = BoundsForm()
    knowledge: KnowledgeForm = KnowledgeForm()


class ScenarioDocument(Document):
    """A scenario's file."""

    kind: Literal["Scenario"]
    spec: ScenarioSpec
