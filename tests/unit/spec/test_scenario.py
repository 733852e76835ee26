import pytest

from telcoai.errors import SpecError
from telcoai.model.requirements import Requirements
from telcoai.model.scenario import Demand, DemandChange, LinkChange, NodeChange, RequirementsChange, ServiceChange
from telcoai.spec import load_scenario, load_testbed, validate
from telcoai.spec.references import shipped

EVENT = "{at: 10s, link: [camera, edge], delay: 60ms}"
DEMAND = "{arrival: poisson, rate: 5/s}"


def problems_of(path, testbed=None):
    with pytest.raises(SpecError) as caught:
        load_scenario(path, testbed)
    return caught.value.problems


def test_a_scenario_is_resolved_with_its_testbed(folder):
    scenario = load_scenario(folder.scenario())
    assert scenario.topology.name == "small"
    (service,) = scenario.services
    assert service.devices == ("camera-1", "camera-2", "camera-3", "camera-4")
    assert service.demand == Demand("poisson", 5.0)
    assert service.requirements == Requirements(95.0, 150.0, 0.8, 1.5)
    assert scenario.strategies == ("device-only", "latency-greedy")
    assert (scenario.warmup_s, scenario.duration_s, scenario.period_s, scenario.seed) == (3.0, 20.0, 1.0, 7)
    assert str(folder.path / "both.yaml") in scenario.files
    assert any(file.endswith("testbeds/profiles/raspberry-pi-4.yaml") for file in scenario.files)


def test_the_timeline_holds_whole_states(folder):
    first, second = load_scenario(folder.scenario()).timeline
    assert isinstance(first, LinkChange)
    assert [name for name, _, _ in first.changes] == [f"camera-{i}--edge" for i in range(1, 5)]
    _, up, down = first.changes[0]
    assert (up.delay_ms, up.jitter_ms, up.rate_bps, up.loss) == (60.0, 2.0, 5e7, 0.001)
    assert up == down
    assert second == RequirementsChange(20.0, "vision", Requirements(99.0, 80.0, 0.8, 1.5))


def test_later_changes_build_on_earlier_ones_whatever_their_order_in_the_file(folder):
    later = "{at: 12s, link: [edge, camera-2], rate: 1mbit, up: {loss: 2%}}"
    events = f"{later}\n    - {{at: 11s, link: [camera, edge], delay: 60ms}}"
    change = load_scenario(folder.scenario(EVENT, events)).timeline[1]
    ((name, up, down),) = change.changes
    assert name == "camera-2--edge"
    assert (up.delay_ms, up.rate_bps, up.loss) == (60.0, 1e6, 0.001)
    assert (down.delay_ms, down.rate_bps, down.loss) == (60.0, 1e6, 0.02)


def test_demand_and_nodes_change_too(folder):
    demand = "{at: 5s, service: vision, demand: {arrival: constant, rate: 9/s}}"
    events = f"{demand}\n    - {{at: 6s, node: camera, state: stopped}}"
    timeline = load_scenario(folder.scenario(EVENT, events)).timeline
    assert timeline[0] == DemandChange(5.0, "vision", Demand("constant", 9.0, 5.0))
    assert timeline[1:5] == tuple(NodeChange(6.0, f"camera-{i}", "stopped") for i in range(1, 5))


LATER = """  - name: alarms
      workload: efficientnet-lite
      demand: {arrival: poisson, rate: 1/s}
  timeline:
"""


def test_a_service_that_arrives_first_of_all_is_not_there_before(folder):
    events = """    - {at: 5s, service: alarms, state: arrives}
    - {at: 12s, service: alarms, state: departs}
    - {at: 14s, service: vision, state: departs}"""
    file = folder.scenario("timeline:\n", f"{LATER}{events}\n")
    problems = [str(one) for one in problems_of(file)]
    assert len(problems) == 1
    assert "no service is there from here on (allowed: one at least)" in problems[0]
    scenario = load_scenario(folder.scenario("timeline:\n", f"{LATER}{events.rsplit(chr(10), 1)[0]}\n"))
    assert scenario.absent == {"alarms"}
    assert scenario.timeline[0] == ServiceChange(5.0, "alarms", "arrives")


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ("{at: 5s, service: vision, state: arrives}", "no service is there when the run begins"),
        ("{at: 19s, service: vision, state: arrives}", "its requests begin 2 periods later, which is after the end"),
        (
            "{at: 5s, service: vision, state: departs}\n    - {at: 6s, service: vision, state: departs}",
            "vision is gone at that time (allowed: arrives)",
        ),
        ("{at: 5s, service: vision, state: gone}", "state"),
        ("{at: 5s, service: vision}", "changes nothing (allowed: state, demand, requirements)"),
    ],
)
def test_what_can_not_become_of_a_service_is_said(folder, events, said):
    assert any(said in str(problem) for problem in problems_of(folder.scenario(EVENT, events)))


EDGE = "{name: edge, tier: edge, profile: jetson-orin-nano}"
CAMERA = "{name: camera, tier: device, profile: raspberry-pi-4, count: 4}"


@pytest.mark.parametrize(
    ("node", "owned", "service", "said"),
    [
        (
            EDGE,
            "domain: north, open_to: []",
            "domain: nort",
            "no node of the testbed is of domain 'nort' (allowed: north)",
        ),
        (CAMERA, "domain: north, open_to: []", "", "the device camera-1 is closed to services without a domain"),
        (EDGE, "open_to: []", "", "open_to needs the key domain"),
        (EDGE, "domain: north, open_to: [soth]", "", "no node is of domain 'soth' (allowed: north)"),
    ],
)
def test_domains_that_fit_nothing_are_said(folder, node, owned, service, said):
    text = folder.scenario("name: vision\n", f"name: vision\n      {service}\n").read_text()
    file = folder.write("both.yaml", text.replace(node, f"{node[:-1]}, {owned}}}"))
    assert any(said in str(problem) for problem in problems_of(file))


def test_owners_of_nodes_and_services_are_resolved(folder):
    text = folder.scenario("name: vision\n", "name: vision\n      domain: north\n").read_text()
    scenario = load_scenario(
        folder.write("both.yaml", text.replace(EDGE, f"{EDGE[:-1]}, domain: north, open_to: []}}"))
    )
    edge = scenario.topology.node("edge")
    assert (scenario.services[0].domain, edge.domain, edge.open_to) == ("north", "north", ())
    assert (edge.admits("north"), edge.admits(""), scenario.topology.node("cloud").admits("")) == (True, False, True)


def test_only_nodes_whose_state_changes_are_concerned(folder):
    events = """{at: 5s, node: camera-2, state: unreachable}
    - {at: 6s, node: camera, state: running}
    - {at: 7s, node: camera-1, workload: killed}"""
    assert load_scenario(folder.scenario(EVENT, events)).timeline[:3] == (
        NodeChange(5.0, "camera-2", "unreachable"),
        NodeChange(6.0, "camera-2", "running"),
        NodeChange(7.0, "camera-1", "killed"),
    )


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("workload: killed", "edge is stopped at that time (allowed: state: running)"),
        ("state: stopped", "edge is stopped at that time (allowed: state: running)"),
        ("state: stopped, workload: killed", "needs one of the keys state, workload"),
        ("state: gone", "state"),
    ],
)
def test_what_can_not_become_of_a_node_is_said(folder, second, said):
    events = f"{{at: 5s, node: edge, state: stopped}}\n    - {{at: 6s, node: edge, {second}}}"
    assert any(said in str(problem) for problem in problems_of(folder.scenario(EVENT, events)))


@pytest.mark.parametrize(
    ("written", "arrival", "parameters"),
    [
        ("{arrival: constant, rate: 5/s}", "constant", {}),
        ("{arrival: constant, rate: 5/s, phase: 0.5}", "constant", {"phase": 0.5}),
        ("{arrival: gamma, rate: 5/s, cv: 2}", "gamma", {"cv": 2.0}),
        ("{arrival: ramp, rate: 5/s, to: 50/s, over: 10s}", "ramp", {"to_per_s": 50.0, "over_s": 10.0}),
        (
            "{arrival: diurnal, rate: 5/s, period: 1min, amplitude: 80%}",
            "diurnal",
            {"period_s": 60.0, "amplitude": 0.8},
        ),
    ],
)
def test_each_arrival_has_its_own_parameters(folder, written, arrival, parameters):
    (service,) = load_scenario(folder.scenario(DEMAND, written)).services
    assert service.demand == Demand(arrival, 5.0, 0.0, parameters)


def test_a_trace_is_found_beside_its_file(folder):
    trace = folder.write("times.csv", "0.5\n1.5\n")
    (service,) = load_scenario(folder.scenario(DEMAND, "{arrival: trace, trace: times.csv}")).services
    assert service.demand == Demand("trace", 0.0, 0.0, {}, str(trace))


def test_a_strategy_of_ones_own_is_named_by_its_file_and_not_run(folder):
    mine = folder.write("mine.py", "raise SystemExit('must not run')\n")
    scenario = load_scenario(folder.scenario("latency-greedy", "./mine.py:Mine"))
    assert scenario.strategies == ("device-only", f"{mine}:Mine")


def test_another_testbed_takes_the_place_of_its_own(folder):
    other = folder.testbed("count: 4", "count: 1")
    scenario = load_scenario(folder.scenario(), other)
    assert scenario.services[0].devices == ("camera",)
    assert scenario.topology == load_testbed(other)
    assert load_scenario(folder.scenario(), "quickstart").topology.name == "quickstart"


def test_a_testbed_beside_the_scenario_or_a_shipped_one_is_found(folder):
    folder.testbed()
    alone = folder.scenario().read_text().split("---\n")[1]
    assert load_scenario(folder.write("s.yaml", alone)).topology.name == "small"
    shipped_one = folder.write("t.yaml", alone.replace("testbed: small", "testbed: quickstart"))
    assert load_scenario(shipped_one).topology.name == "quickstart"
    folder.write("../beds/far.yaml", folder.testbed().read_text())
    assert load_scenario(folder.write("u.yaml", alone.replace("testbed: small", "testbed: ../beds/far.yaml")))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("testbed: small", "testbed: smal", "there is no testbed 'smal'"),
        ("testbed: small", "testbed: ../../etc/passwd", "is not a YAML file"),
        ("testbed: small", "testbed: ../../etc/passwd.yaml", "leaves the project"),
        ("testbed: small", "testbed: both.yaml/../../../x.yaml", "leaves the project"),
        ("workload: efficientnet-lite", "workload: efficientnet-lit", "did you mean efficientnet-lite?"),
        ("latency-greedy", "latency-gredy", "did you mean latency-greedy?"),
        ("latency-greedy", "./none.py:Mine", "there is no file './none.py'"),
        ("latency-greedy", "../../mine.py:Mine", "leaves the project"),
        ("latency-greedy", "./mine.py", "is not a file and a name"),
        ("latency-greedy", "device-only", "is here twice"),
        ("[camera, edge], delay", "[camera, egde], delay", "did you mean edge?"),
        ("[camera, edge], delay", "[camera, cloud], delay", "there is no link between 'camera' and 'cloud'"),
        ("delay: 60ms}", "delay: 1ms}", "jitter above the delay"),
        ("delay: 60ms}", "dealy: 60ms}", "unknown key 'dealy'"),
        ("at: 20s", "at: 21s", "after the end of the run (duration 20s)"),
        ("service: vision", "service: visoin", "did you mean vision?"),
        ("requirements: {latency: {p99: 80ms}}", "", "changes nothing"),
        (EVENT, "{at: 1s, delay: 3ms}", "an event needs one of the keys link, service, node"),
        (EVENT, "{at: 1s, node: edge, state: gone}", "unknown value 'gone' (allowed: stopped, unreachable, running)"),
        (EVENT, "{at: 1s, node: egde, state: stopped}", "did you mean edge?"),
        (EVENT, "3", "an event needs one of the keys"),
        ("arrival: poisson", "arrival: poison", "unknown value 'poison' (allowed: constant, poisson"),
        ("arrival: poisson, ", "", "missing key 'arrival'"),
        (DEMAND, "{arrival: gamma, rate: 5/s}", "missing key 'cv'"),
        (DEMAND, "{arrival: trace, trace: none.csv}", "there is no file 'none.csv'"),
        (DEMAND, "{arrival: trace, trace: ../../../etc/passwd}", "is not a CSV file"),
        (DEMAND, "{arrival: poisson, rate: 5/s, cv: 2}", "unknown key 'cv' (allowed: arrival, rate)"),
        ("rate: 5/s", "rate: -5/s", "must not be negative"),
        ("{p95: 150ms}", "{p95: 150ms, p99: 1s}", "exactly one percentile"),
        ("min: 0.80", "min: 1.2", "too large"),
        ("requirements: {latency: {p95", "devices: [edge]\n      requirements: {latency: {p95", "no device or group"),
        ("duration: 20s", "duration: 0s", "must be more than 0"),
        ("repetitions: 1", "repetitions: 10000", "at most 1000"),
        ("seed: 7", "seed: -7", "at least 0"),
        (DEMAND, f"{DEMAND}\n      frames: png", "unknown value 'png' (allowed: raw, jpeg)"),
        ("seed: 7", "compute: fast", "unknown value 'fast' (allowed: auto, run, replay)"),
    ],
)
def test_what_is_wrong_is_said(folder, old, new, said):
    found = problems_of(folder.scenario(old, new))
    assert any(said in line for line in found), found
    assert all(line.startswith(str(folder.path / "both.yaml")) for line in found)


def test_frames_travel_raw_unless_said(folder):
    (raw,) = load_scenario(folder.scenario()).services
    (jpeg,) = load_scenario(folder.scenario(DEMAND, f"{DEMAND}\n      frames: jpeg")).services
    assert (raw.frames, jpeg.frames) == ("raw", "jpeg")


def test_jpeg_frames_are_never_replayed(folder):
    text = folder.scenario(DEMAND, f"{DEMAND}\n      frames: jpeg").read_text()
    (said,) = problems_of(folder.write("both.yaml", text.replace("seed: 7", "compute: replay")))
    assert "frames that travel as JPEG can't be replayed" in said


def test_jpeg_frames_need_to_know_how_fast_every_profile_decodes(folder):
    profile = (shipped() / "testbeds" / "profiles" / "jetson-orin-nano.yaml").read_text()
    before, _, rest = profile.partition("  jpeg_decode:")
    folder.write("jetson-orin-nano.yaml", before + "  speeds:" + rest.partition("  speeds:")[2])
    assert load_scenario(folder.scenario()).services
    (said,) = problems_of(folder.scenario(DEMAND, f"{DEMAND}\n      frames: jpeg"))
    assert "the device profile 'jetson-orin-nano' has no jpeg_decode" in said
    assert "both.yaml:22:" in said


def test_problems_of_scenario_and_testbed_come_at_once(folder):
    text = folder.scenario("latency-greedy", "none-such").read_text().replace("count: 4", "count: 0")
    found = problems_of(folder.write("both.yaml", text))
    assert len(found) == 2


def test_a_broken_testbed_is_told_with_its_own_place(folder):
    base = folder.testbed("delay: 15ms", "delay: 15")
    alone = folder.write("s.yaml", folder.scenario().read_text().split("---\n")[1])
    assert any(line.startswith(f"{base}:11:") for line in problems_of(alone))
    assert validate([alone]) == problems_of(alone)


def test_shipped_names_are_loaded():
    assert load_scenario("quickstart").name == "quickstart"
    assert (shipped() / "scenarios" / "quickstart.yaml").is_file()
    assert "did you mean quickstart?" in problems_of("quickstrt")[0]
