"""From a scenario's file to a resolved scenario."""

from __future__ import annotations

from telcoai import plugins
from telcoai.errors import PluginError
from telcoai.model.requirements import Requirements
from telcoai.model.scenario import Bounds, Knowledge, Scenario, Service
from telcoai.model.topology import Tier, Topology
from telcoai.spec.demands import demand, requirements
from telcoai.spec.library import Library, Source
from telcoai.spec.places import Places
from telcoai.spec.problems import allowed, did_you_mean
from telcoai.spec.references import Dangling, beside
from telcoai.spec.scenario_form import ScenarioDocument, ServiceForm
from telcoai.spec.testbed import topology
from telcoai.spec.timeline import members, timeline


def scenario(library: Library, source: Source, testbed: Source | None = None) -> Scenario | None:
    """Resolve a scenario's document, on ``testbed`` instead of its own when given; None after noting problems."""
    before = len(library.problems)
    document = library.checked(source, ScenarioDocument)
    if document is None:
        return None
    places = Places(library, source)
    on = _topology(places, document, testbed)
    strategies = _strategies(places, document)
    services = _services(places, document, on)
    _check_frames(places, document, on)
    changes = timeline(places, document, on, services) if on else ()
    if on is None or len(library.problems) > before:
        return None
    spec = document.spec
    return Scenario(
        name=document.metadata.name,
        topology=on,
        services=services,
        timeline=changes,
        strategies=strategies,
        warmup_s=spec.warmup,
        duration_s=spec.duration,
        repetitions=spec.repetitions,
        seed=spec.seed,
        period_s=spec.period,
        compute=spec.compute,
        bounds=Bounds(spec.bounds.driver_lag_p99, spec.bounds.overruns, spec.bounds.host_utilisation),
        knowledge=Knowledge(spec.knowledge.profiles, spec.knowledge.links),
        files=tuple(str(path) for path in library.files),
    )


def _topology(places: Places, document: ScenarioDocument, testbed: Source | None) -> Topology | None:
    if testbed is not None:
        return topology(places.library, testbed)
    try:
        found = places.library.find("Testbed", document.spec.testbed, places.source.path)
    except Dangling as err:
        places.report(str(err), "testbed")
        return None
    return topology(places.library, found)


def _services(places: Places, document: ScenarioDocument, on: Topology | None) -> tuple[Service, ...]:
    """The services; all devices send a service's requests unless it names some."""
    services: list[Service] = []
    for index, written in enumerate(document.spec.services):
        if any(written.name == other.name for other in services):
            places.report(f"a second service {written.name!r}", "services", index, "name")
            continue
        services.append(
            Service(
                name=written.name,
                workload=_plugin(places, plugins.WORKLOADS, written.workload, "services", index, "workload"),
                devices=_devices(places, written, index, on) if on else (),
                demand=demand(places, written.demand, 0.0, "services", index, "demand"),
                requirements=requirements(written.requirements, Requirements()),
                frames=written.frames,
                domain=written.domain or "",
            )
        )
        if on:
            _check_domain(places, services[-1], index, on)
            _check_lasts(places, services[-1], index, on)
    return tuple(services)


def _check_domain(places: Places, service: Service, index: int, on: Topology) -> None:
    """The domain is one that nodes have, and the service's own devices admit it."""
    known = {node.domain for node in on.nodes if node.domain}
    if service.domain and service.domain not in known:
        near = did_you_mean(service.domain, known)
        what = f"no node of the testbed is of domain {service.domain!r} {allowed(known)}{near}"
        places.report(what, "services", index, "domain")
    closed = [name for name in service.devices if not on.node(name).admits(service.domain)]
    if closed:
        whose = f"services of domain {service.domain}" if service.domain else "services without a domain"
        places.report(f"the device {closed[0]} is closed to {whose}", "services", index, "devices")


def _check_lasts(places: Places, service: Service, index: int, on: Topology) -> None:
    if service.requirements.lasts_s is not None and not any(on.node(name).battery for name in service.devices):
        what = "none of the service's devices has a battery that could last (key battery of a testbed's node)"
        places.report(what, "services", index, "requirements", "energy", "lasts")


def _check_frames(places: Places, document: ScenarioDocument, on: Topology | None) -> None:
    """JPEG frames have to be decoded at a known speed wherever they may go, and no stored answer is theirs."""
    lacking = (
        sorted({node.profile for node in on.nodes if on.profiles[node.profile].jpeg_decode_mpx_s is None}) if on else []
    )
    for index, written in enumerate(document.spec.services):
        if written.frames != "jpeg":
            continue
        if document.spec.compute == "replay":
            what = (
                "frames that travel as JPEG can't be replayed: the stored outputs are of raw ones (allowed: auto, run)"
            )
            places.report(what, "compute")
        for profile in lacking:
            what = f"the device profile {profile!r} has no jpeg_decode, which frames: jpeg needs (allowed: raw)"
            places.report(what, "services", index, "frames")


def _devices(places: Places, written: ServiceForm, index: int, on: Topology) -> tuple[str, ...]:
    devices = {node.name for node in on.tier(Tier.DEVICE)}
    if not devices:
        places.report("the testbed has no node of tier device to send requests", "services", index)
    known = {name: nodes for name, nodes in members(on).items() if devices.issuperset(nodes)}
    wanted = [node.name for node in on.tier(Tier.DEVICE)] if written.devices is None else []
    for place, name in enumerate(written.devices or []):
        if name not in known:
            what = f"there is no device or group of devices {name!r} {allowed(known)}{did_you_mean(name, known)}"
            places.report(what, "services", index, "devices", place)
        wanted += known.get(name, [])
    return tuple(dict.fromkeys(wanted))


def _strategies(places: Places, document: ScenarioDocument) -> tuple[str, ...]:
    found: list[str] = []
    for index, reference in enumerate(document.spec.strategies):
        strategy = _plugin(places, plugins.STRATEGIES, reference, "strategies", index)
        if strategy in found:
            places.report(f"the strategy {reference!r} is here twice", "strategies", index)
        found.append(strategy)
    return tuple(found)


def _plugin(places: Places, group: str, reference: str, *place: str | int) -> str:
    """A plugin's name as it is, or its file made absolute; nothing of it is imported."""
    try:
        if not plugins.is_file(reference):
            places.library.refuse_unknown_plugin(group, reference)
            return reference
        file, name = plugins.split(reference)
        return f"{beside(file, places.mark(*place).path)}:{name}"
    except PluginError as err:
        places.report(f"{err.message}" + (f"; {err.hint}" if err.hint else ""), *place)
    except Dangling as err:
        places.report(str(err), *place)
    return reference
