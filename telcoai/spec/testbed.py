"""From a testbed's file to a resolved topology."""

from __future__ import annotations

from dataclasses import dataclass, field

from telcoai.model.routes import routes_from
from telcoai.model.topology import Battery, DeviceProfile, Link, LinkState, Node, RadioProfile, Tier, Topology
from telcoai.spec.cluster import Place, cluster, platform_and_hosts
from telcoai.spec.extending import extended
from telcoai.spec.library import Library, Source
from telcoai.spec.problems import allowed, did_you_mean
from telcoai.spec.profile_form import DeviceDocument, RadioDocument
from telcoai.spec.references import Dangling
from telcoai.spec.states import link_states
from telcoai.spec.testbed_form import MOST_LINKS, MOST_NODES, LinkForm, NodeForm, TestbedDocument


@dataclass
class _Building:
    """A topology on its way."""

    library: Library
    source: Source
    nodes: list[Node] = field(default_factory=list)
    members: dict[str, list[str]] = field(default_factory=dict)
    links: dict[frozenset[str], Link] = field(default_factory=dict)
    profiles: dict[str, DeviceProfile] = field(default_factory=dict)
    radios: dict[str, RadioProfile] = field(default_factory=dict)
    tiers: dict[str, Tier] = field(default_factory=dict)

    def report(self, what: str, *place: str | int) -> None:
        self.library.report(self.source.mark("spec", *place), what)


def topology(library: Library, source: Source) -> Topology | None:
    """Resolve a testbed's document; None after noting what is wrong in ``library``."""
    source = extended(library, source)
    document = library.checked(source, TestbedDocument)
    if document is None:
        return None
    building = _Building(library, source)
    before = len(library.problems)
    _nodes(building, document)
    if len(library.problems) == before:
        _links(building, document)
    if len(library.problems) == before:
        _reachable(building)
        _batteries(building, document)
    made = _made(building, document)
    return None if len(library.problems) > before else made


def _made(building: _Building, document: TestbedDocument) -> Topology:
    spec = document.spec
    platform, hosts = platform_and_hosts(spec.hosts, spec.platform, building.report)
    names = [node.name for node in building.nodes]
    return Topology(
        name=document.metadata.name,
        nodes=tuple(building.nodes),
        links=tuple(building.links.values()),
        profiles=building.profiles,
        radios=building.radios,
        hosts=hosts,
        platform=platform,
        mtu=spec.mtu or 1500,
        seed=spec.seed or 0,
        cluster=cluster(spec, names, Place(building.source.path.parent, platform, hosts, building.report)),
    )


def _nodes(building: _Building, document: TestbedDocument) -> None:
    """Expand groups into nodes and load their profiles."""
    written = document.spec.nodes
    if not written:
        building.report("a testbed needs at least one node (key nodes)")
        return
    if sum(one.count for one in written) > MOST_NODES:
        building.report(f"more than {MOST_NODES} nodes in all", "nodes")
        return
    for index, one in enumerate(written):
        profile = _device(building, one.profile, index)
        names = [one.name] if one.count == 1 else [f"{one.name}-{i}" for i in range(1, one.count + 1)]
        for name in {one.name, *names} & building.members.keys():
            building.report(f"the node name {name!r} is taken already", "nodes", index, "name")
        building.members |= {one.name: names} | {name: [name] for name in names}
        building.tiers |= dict.fromkeys(names, Tier(one.tier))
        _node(building, one, index, profile, names)
    _domains(building, document)


def _node(building: _Building, one: NodeForm, index: int, profile: str, names: list[str]) -> None:
    """Nodes alike, with all that is theirs."""
    form = one.battery
    battery = Battery(form.capacity, form.capacity * form.charge) if form else None
    if battery and one.tier != "device":
        building.report("only nodes of tier device have batteries", "nodes", index, "battery")
    memory = _memory(building, one, profile, index)
    owned = one.domain or "", None if one.open_to is None else tuple(one.open_to)
    building.nodes += [Node(name, Tier(one.tier), profile, one.name, memory, *owned, battery) for name in names]


def _memory(building: _Building, one: NodeForm, profile: str, index: int) -> int:
    """Bytes that models may take; 0 for all that the profile has."""
    most = building.profiles[profile].memory_bytes if profile in building.profiles else None
    if one.memory is None or most is None:
        return 0
    if not 1 <= one.memory <= most:
        building.report(f"memory has to be 1 B to {most} B, which {profile} has", "nodes", index, "memory")
    return round(one.memory)


def _domains(building: _Building, document: TestbedDocument) -> None:
    """Nodes are opened to domains that there are, and only by who owns them."""
    known = {one.domain for one in document.spec.nodes if one.domain}
    for index, one in enumerate(document.spec.nodes):
        if one.open_to is not None and one.domain is None:
            building.report("open_to needs the key domain: who else's is the node?", "nodes", index, "open_to")
        for place, name in enumerate(one.open_to or []):
            if name not in known:
                what = f"no node is of domain {name!r} {allowed(known)}{did_you_mean(name, known)}"
                building.report(what, "nodes", index, "open_to", place)


def _device(building: _Building, reference: str, index: int) -> str:
    """The profile's own name; "" after noting that there is none."""
    source = _profile(building, "DeviceProfile", reference, ("nodes", index, "profile"))
    if source is None:
        return ""
    name = str(source.name())
    document = building.library.checked(source, DeviceDocument)
    if document is not None and building.profiles.setdefault(name, document.value()) != document.value():
        building.report(f"another profile is named {name!r}, too: give one of them another name", "nodes", index)
    return name


def _radio(building: _Building, reference: str | None, index: int) -> str:
    """The radio profile's own name; "" when there is none."""
    source = _profile(building, "RadioProfile", reference, ("links", index, "radio")) if reference else None
    if source is None:
        return ""
    name = str(source.name())
    if name not in building.radios:
        document = building.library.checked(source, RadioDocument)
        if document is not None:
            building.radios[name] = document.value()
    return name


def _profile(building: _Building, kind: str, reference: str, place: tuple[str | int, ...]) -> Source | None:
    """The profile's document, sought from the file in which the reference stands."""
    mark = building.source.mark("spec", *place)
    try:
        return building.library.find(kind, reference, mark.path)
    except Dangling as err:
        building.library.report(mark, str(err))
        return None


def _links(building: _Building, document: TestbedDocument) -> None:
    """Expand links between groups into links between nodes."""
    for index, one in enumerate(document.spec.links):
        pairs = _pairs(building, one, index)
        radio = _radio(building, one.radio, index)
        up, down = link_states(one, LinkState(0.0), LinkState(0.0))
        for state in {up, down}:
            if state.jitter_ms > state.delay_ms:
                building.report("jitter above the delay (allowed: at most the delay)", "links", index, "jitter")
                break
        for a, b in pairs:
            if frozenset((a, b)) in building.links:
                building.report(f"a second link between {a!r} and {b!r}", "links", index, "between")
                break
            if radio and Tier.DEVICE not in (building.tiers[a], building.tiers[b]):
                building.report("a radio belongs to a device, and neither end is one", "links", index, "radio")
                break
            building.links[frozenset((a, b))] = Link(a, b, up, down, radio)
        if len(building.links) > MOST_LINKS:
            building.report(f"more than {MOST_LINKS} links in all", "links", index)
            return


def _pairs(building: _Building, one: LinkForm, index: int) -> list[tuple[str, str]]:
    """The pairs of nodes that a link means; none after noting what is wrong."""
    sides: list[list[str]] = []
    for side, name in enumerate(one.between):
        if name not in building.members:
            near = did_you_mean(name, building.members)
            what = f"there is no node or group {name!r} {allowed(building.members)}{near}"
            building.report(what, "links", index, "between", side)
        sides.append(building.members.get(name, []))
    a, b = sides
    if set(a) & set(b):
        building.report("a link needs two different ends", "links", index, "between")
        return []
    if len(a) > 1 and len(b) > 1:
        building.report(
            "a link between two groups could mean many things (allowed: a group and one node, like edge-1)",
            *("links", index, "between"),
        )
        return []
    return [(x, y) for x in a for y in b]


def _batteries(building: _Building, document: TestbedDocument) -> None:
    """What a battery gives can be told: its device has one kind of radio, and can be stopped."""
    for index, one in enumerate(document.spec.nodes):
        if one.battery is None:
            continue
        names = building.members[one.name]
        radios = {link.radio for link in building.links.values() if {link.a, link.b} & set(names)}
        if len(radios) > 1:
            building.report("a device with a battery has the same radio on all its links, or none", "nodes", index)
        if document.spec.platform == "kubeconfig":
            what = "nodes of a cluster that is there already can't be stopped, so they have no batteries"
            building.report(what, "nodes", index, "battery")


def _reachable(building: _Building) -> None:
    """Every node must reach every other over links."""
    links = tuple(building.links.values())
    found = routes_from(links, building.nodes[0].name)
    lost: dict[str, str] = {}
    for node in building.nodes:
        if node.name not in found:
            lost.setdefault(node.group, node.name)
    for index, group in enumerate(dict.fromkeys(node.group for node in building.nodes)):
        if group in lost:
            what = f"{lost[group]!r} can't be reached from {building.nodes[0].name!r} over links"
            building.report(what, "nodes", index, "name")
