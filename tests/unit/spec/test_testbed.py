import pytest

from telcoai.errors import SpecError
from telcoai.model.topology import LinkState, Tier
from telcoai.spec import load_testbed
from telcoai.spec.references import shipped


def place_of(file, at):
    before = file.read_text().partition(at)[0]
    assert before != file.read_text()
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def problems_of(path):
    with pytest.raises(SpecError) as caught:
        load_testbed(path)
    return caught.value.problems


def test_groups_become_nodes_and_a_link_each(folder):
    topology = load_testbed(folder.testbed())
    assert [n.name for n in topology.nodes] == ["camera-1", "camera-2", "camera-3", "camera-4", "edge", "cloud"]
    assert topology.node("camera-2").group == "camera"
    assert topology.node("edge").tier is Tier.EDGE
    assert [link.name for link in topology.links][:2] == ["camera-1--edge", "camera-2--edge"]
    assert topology.links[0].up == LinkState(8.0, 2.0, 5e7, 0.001)
    assert topology.links[0].radio == "5g-nsa"
    assert topology.links[-1].down == LinkState(15.0, 0.0, 1e9)
    assert set(topology.profiles) == {"raspberry-pi-4", "jetson-orin-nano", "cloud-server"}
    assert topology.radios["5g-nsa"].up_nj_per_bit.value == 32.2


def test_directions_may_differ(folder):
    topology = load_testbed(
        folder.testbed("rate: 1gbit", "rate: 1gbit, up: {rate: 20mbit}, down: {delay: 5ms, queue: 64KiB}")
    )
    assert topology.links[-1].up == LinkState(15.0, rate_bps=2e7)
    assert topology.links[-1].down == LinkState(5.0, queue_bytes=65536)


@pytest.mark.parametrize(
    ("old", "new", "at", "said"),
    [
        ("v1alpha1", "v1", "telcoai/v1\n", "unknown apiVersion 'telcoai/v1' (allowed: telcoai/v1alpha1)"),
        ("kind: Testbed", "kind: Testbet", "Testbet", "did you mean Testbed?"),
        ("kind: Testbed\n", "", "apiVersion", "missing key 'kind'"),
        ("name: small", "name: Small", "Small", "is not a name"),
        ("metadata: {name: small}\n", "", "apiVersion", "missing key 'metadata'"),
        ("tier: edge", "tier: egde", "egde", "did you mean edge?"),
        (
            "count: 4",
            "cuont: 4",
            "cuont",
            "unknown key 'cuont' (allowed: battery, count, domain, memory, name, open_to, profile, tier); did you mean "
            "count?",
        ),
        ("count: 4", "count: 0", "0}", "at least 1"),
        ("count: 4", "count: 4.5", "4.5", "a whole number"),
        ("count: 4", "count: 10001", "10001", "at most 10000"),
        ("count: 4", "count: 1" + "0" * 400, "10000", "too long"),
        ("  nodes:", "  mtu:\n  nodes:", "\n  nodes:", "mtu has no value"),
        (
            "profile: jetson-orin-nano",
            "profile: jetson-orin-nona",
            "jetson-orin-nona",
            "did you mean jetson-orin-nano?",
        ),
        ("profile: jetson-orin-nano", "profile: ../../etc/passwd", "../../etc", "is not a YAML file"),
        ("profile: jetson-orin-nano", "profile: ../../etc/passwd.yaml", "../../etc", "leaves the project"),
        ("profile: jetson-orin-nano", "profile: /etc/passwd.yaml", "/etc/passwd", "is not allowed"),
        ("profile: jetson-orin-nano", "profile: ./none.yaml", "./none", "there is no file"),
        ("radio: 5g-nsa", "radio: 5g-nas", "5g-nas", "did you mean 5g-nsa?"),
        ("[edge, cloud]", "[edge, clout]", "clout", "there is no node or group 'clout'"),
        ("[edge, cloud]", "[edge, edge]", "[edge, edge]", "two different ends"),
        ("[edge, cloud]", "[edge]", "[edge]", "at least 2"),
        ("[edge, cloud]", "[camera-1, edge]", "[camera-1, edge]", "a second link between"),
        ("rate: 1gbit", "rate: 1gbit, radio: lte", "lte", "neither end is one"),
        ("delay: 8ms", "delay: 1ms", "2ms", "jitter above the delay"),
        ("rate: 50mbit", "rate: -5mbit", "-5mbit", "must not be negative"),
        ("rate: 50mbit", "rate: .nan", ".nan", "not a rate"),
        ("loss: 0.1%", "loss: 101%", "101%", "too large"),
        ("loss: 0.1%", "loss: [1]", "[1]", "a list is not a share"),
        ("    - {between: [edge, cloud], delay: 15ms, rate: 1gbit}\n", "", "cloud, tier", "'cloud' can't be reached"),
        ("name: cloud", "name: camera-3", "camera-3", "'camera-3' is taken"),
        (
            "  nodes:",
            "  hosts: podman\n  nodes:",
            "podman",
            "unknown value 'podman' (allowed: virtual, docker, ssh, existing)",
        ),
        ("  nodes:", "  hosts: virtual\n  platform: kind\n  nodes:", "virtual", "platform kind needs hosts: docker"),
        (
            "  nodes:",
            "  kind: {image: a}\n  nodes:",
            "{image",
            "kind belongs to platform kind, and this one is process",
        ),
        ("  nodes:", "  hosts: ssh\n  nodes:", "ssh\n", "needs the inventory"),
        ("  nodes:", "  platform: k3s\n  k3s: {version: 1.33}\n  nodes:", "1.33", "text"),
        (
            "  nodes:",
            "  platform: kind\n  controlPlane: {on: nowhere}\n  nodes:",
            "nowhere",
            "there is no node 'nowhere'",
        ),
        ("  nodes:", "  platform: kind\n  controlPlane: {inBand: true}\n  nodes:", "{inBand", "say on which node"),
        ("  nodes:", "  platform: kind\n  podSubnet: 10.999.0.0/16\n  nodes:", "10.999", "is no IPv4 subnet"),
    ],
)
def test_what_is_wrong_has_its_place_and_what_is_allowed(folder, old, new, at, said):
    file = folder.testbed(old, new)
    place = place_of(file, at)
    found = problems_of(file)
    assert any(line.startswith(f"{file}:{place}: ") and said in line for line in found), (place, found)


def test_all_problems_come_at_once(folder):
    text = folder.testbed().read_text().replace("tier: edge", "tier: egde").replace("delay: 15ms", "delai: 15ms")
    found = problems_of(folder.write("small.yaml", text.replace("count: 4", "count: no")))
    assert [line.split(":")[1] for line in found] == ["6", "7", "11"]


def test_a_link_between_two_groups_is_refused(folder):
    old = "{name: edge, tier: edge, profile: jetson-orin-nano}"
    assert "between two groups" in problems_of(folder.testbed(old, old[:-1] + ", count: 2}"))[0]


def test_many_nodes_in_all_are_refused_before_they_are_made(folder):
    old = "{name: edge, tier: edge, profile: jetson-orin-nano}"
    assert "more than 10000 nodes" in problems_of(folder.testbed(old, old[:-1] + ", count: 9999}"))[0]


def test_a_testbed_extends_another_one(folder):
    folder.testbed()
    text = """\
apiVersion: telcoai/v1alpha1
kind: Testbed
metadata: {name: larger}
spec:
  extends: small
  seed: 3
  nodes:
    - {name: camera, count: 2}
    - {name: lamp, tier: device, profile: raspberry-pi-5}
  links:
    - {between: [camera, edge], delay: 30ms}
    - {between: [lamp, edge], delay: 1ms}
"""
    topology = load_testbed(folder.write("larger.yaml", text))
    assert topology.name == "larger"
    assert topology.seed == 3
    assert [n.name for n in topology.nodes] == ["camera-1", "camera-2", "edge", "cloud", "lamp"]
    assert topology.links[0].up == LinkState(30.0, 2.0, 5e7, 0.001)
    assert topology.links[0].radio == "5g-nsa"
    assert topology.links[-1].name == "lamp--edge"


def test_problems_of_an_extended_testbed_are_told_where_they_are(folder):
    base = folder.testbed("delay: 15ms", "delay: 15")
    top = folder.write(
        "top.yaml", "apiVersion: telcoai/v1alpha1\nkind: Testbed\nmetadata: {name: t}\nspec: {extends: small}\n"
    )
    assert problems_of(top)[0].startswith(f"{base}:11:39: delay: '15' needs a unit")


def test_testbeds_that_extend_each_other_are_refused(folder):
    for name, other in (("one", "two"), ("two", "one")):
        folder.write(
            f"{name}.yaml",
            f"apiVersion: telcoai/v1alpha1\nkind: Testbed\nmetadata: {{name: {name}}}\nspec: {{extends: {other}}}\n",
        )
    assert any("can't extend itself" in line for line in problems_of(folder.path / "one.yaml"))


def test_a_profile_beside_the_file_comes_before_a_shipped_one(folder):
    own = load_testbed("city").profiles["raspberry-pi-4"]
    assert own.cores == 4
    file = shipped() / "testbeds/profiles/raspberry-pi-4.yaml"
    folder.write("profiles/raspberry-pi-4.yaml", file.read_text().replace("cores: {value: 4", "cores: {value: 2"))
    assert load_testbed(folder.testbed()).profiles["raspberry-pi-4"].cores == 2


def test_an_unknown_name_gets_the_nearest_one():
    assert "did you mean quickstart?" in problems_of("quickstrat")[0]


def test_a_file_of_another_kind_is_refused(folder):
    file = folder.scenario()
    alone = folder.write("alone.yaml", file.read_text().split("---\n")[1])
    assert "holds no Testbed (it holds Scenario)" in problems_of(alone)[0]


def test_thousands_of_problems_are_cut_short(folder):
    more = "".join(f"    - {{between: [camera-{i}, edge]}}\n" for i in range(10, 3000))
    text = folder.testbed().read_text()
    found = problems_of(folder.write("many.yaml", text + more))
    assert "there is no node or group 'camera-10'" in found[0]
    assert found[-1].endswith("more problems follow, these will do")
    assert len(found) < 300


def test_a_cluster_has_a_control_plane_of_its_own_unless_said(folder):
    topology = load_testbed(folder.testbed("  nodes:", "  platform: kind\n  nodes:"))
    assert (topology.hosts, topology.platform) == ("docker", "kind")
    assert topology.cluster is not None
    assert topology.cluster.control_plane.node == "control-plane"
    assert topology.cluster.k3s is None
    assert topology.cluster.kind is not None


def test_paths_of_a_cluster_are_from_the_files_folder(folder):
    file = folder.testbed("  nodes:", "  platform: k3s\n  k3s: {path: bin/k3s}\n  nodes:")
    topology = load_testbed(file)
    assert topology.hosts == "docker"
    assert topology.cluster is not None
    assert topology.cluster.k3s is not None
    assert topology.cluster.k3s.path == file.parent / "bin/k3s"
    assert topology.cluster.k3s.source == "file"


def test_an_existing_cluster_names_its_tiers_nodes(folder):
    written = "  platform: kubeconfig\n  kubeconfig: {context: lab, tiers: {edge: site=edge}}\n  nodes:"
    topology = load_testbed(folder.testbed("  nodes:", written))
    assert topology.cluster is not None
    assert topology.cluster.existing is not None
    selectors = topology.cluster.existing.selectors
    assert selectors["edge"] == "site=edge"
    assert selectors["device"] == "telcoai.dev/tier=device"
