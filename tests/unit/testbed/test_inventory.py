from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from telcoai.errors import InputError
from telcoai.model.cluster import Cluster, ControlPlane, K3s, Kind
from telcoai.model.topology import Topology
from telcoai.testbed import ssh
from telcoai.testbed.inventory import compose, container_of, inventory, without_secrets
from tests.places import small_topology

FOLDER = Path("/state/small")


def on_kind(**changes: Any) -> Topology:
    cluster = Cluster(kind=Kind("kindest/node@sha256:1"), **changes)
    return replace(small_topology(), hosts="docker", platform="kind", cluster=cluster)


def on_k3s(hosts: str = "docker", k3s: K3s | None = None, **changes: Any) -> Topology:
    cluster = Cluster(k3s=k3s or K3s("v1.33.1+k3s1"), **changes)
    return replace(small_topology(), hosts=hosts, platform="k3s", cluster=cluster)


def names(topology: Topology) -> list[str]:
    return [node.name for node in topology.nodes]


def listed(topology: Topology, **more: Any) -> dict[str, Any]:
    groups: dict[str, Any] = {"control_plane": {"hosts": ["rack-1"]}}
    for node in topology.nodes:
        groups.setdefault(str(node.tier), {"hosts": []})["hosts"].append(node.name)
    variables = {name: {"ansible_host": f"{name}.lan", "ansible_user": "pi"} for name in [*names(topology), "rack-1"]}
    return {**groups, "_meta": {"hostvars": variables}, **more}


def test_every_node_is_a_host_in_the_group_of_its_tier_beside_a_control_plane() -> None:
    groups = compose(on_k3s(), FOLDER, {}, {})["all"]["children"]
    assert list(groups["nodes"]["hosts"]) == ["control-plane", *names(small_topology())]
    assert list(groups["control_plane"]["hosts"]) == ["control-plane"]
    for node in small_topology().nodes:
        assert node.name in groups[str(node.tier)]["hosts"]
        assert node.name in groups["agents"]["hosts"]


def test_labels_say_node_tier_zone_and_testbed() -> None:
    topology = on_kind()
    node = topology.nodes[0]
    labels = compose(topology, FOLDER, {}, {})["all"]["children"]["nodes"]["hosts"][node.name]["telcoai_labels"]
    assert labels == {
        "telcoai.dev/node": node.name,
        "telcoai.dev/tier": str(node.tier),
        "telcoai.dev/testbed": topology.name,
        "topology.kubernetes.io/zone": str(node.tier),
    }


def test_memory_comes_from_the_profile() -> None:
    topology = on_k3s()
    node = topology.nodes[0]
    host = compose(topology, FOLDER, {}, {})["all"]["children"]["nodes"]["hosts"][node.name]
    assert host["telcoai_memory_bytes"] == topology.profile_of(node.name).memory_bytes


def test_a_control_plane_on_a_node_takes_no_host_of_its_own_and_no_taint() -> None:
    node = small_topology().nodes[-1].name
    made = compose(on_k3s(control_plane=ControlPlane(on=node)), FOLDER, {}, {})["all"]["children"]
    assert list(made["nodes"]["hosts"]) == names(small_topology())
    assert made["nodes"]["hosts"][node]["telcoai_taints"] == []
    assert list(made["control_plane"]["hosts"]) == [node]


def test_kind_numbers_its_workers_from_the_second() -> None:
    topology = on_kind()
    containers = [container_of(topology, name) for name in ["control-plane", *names(topology)]]
    assert containers[:3] == [f"telcoai-{topology.name}-{end}" for end in ("control-plane", "worker", "worker2")]


def test_made_machines_are_reached_with_the_testbeds_own_key_and_known_hosts_only() -> None:
    host = compose(on_k3s(), FOLDER, {}, {})["all"]["children"]["nodes"]["hosts"]["control-plane"]
    assert host["ansible_ssh_private_key_file"] == "/state/small/ssh/id_ed25519"
    assert "StrictHostKeyChecking=yes" in host["ansible_ssh_common_args"]
    argv = ssh.command({**host, "inventory_hostname": "control-plane", "ansible_port": 4022}, ["echo", "a b"])
    assert argv[0] == "ssh"
    assert argv[-3:] == ["root@127.0.0.1", "--", "echo 'a b'"]
    assert f"UserKnownHostsFile={FOLDER}/ssh/known_hosts" in argv
    assert argv[argv.index("-p") + 1] == "4022"


def test_the_environment_names_binary_image_and_base() -> None:
    environment = {"TELCOAI_K3S": "/opt/k3s", "TELCOAI_MACHINE_BASE": "base:1", "TELCOAI_KIND_IMAGE": "node:1"}
    k3s = compose(on_k3s(), FOLDER, environment, {})["all"]["vars"]
    assert (k3s["telcoai_k3s_source"], k3s["telcoai_k3s_path"]) == ("file", "/opt/k3s")
    assert k3s["telcoai_machine_base"] == "base:1"
    assert compose(on_kind(), FOLDER, environment, {})["all"]["vars"]["telcoai_kind_image"] == "node:1"


def test_a_binary_that_the_testbed_names_beats_the_environments() -> None:
    topology = on_k3s(k3s=K3s("v1.33.1+k3s1", "file", Path("/site/k3s")))
    assert compose(topology, FOLDER, {"TELCOAI_K3S": "/opt/k3s"}, {})["all"]["vars"]["telcoai_k3s_path"] == "/site/k3s"


def test_a_sites_extras_are_read_from_the_file_that_the_environment_names(tmp_path: Path) -> None:
    extra = {"config": {"pause-image": "pause:1"}}
    (tmp_path / "extra.yaml").write_text(yaml.safe_dump(extra))
    made = inventory(on_k3s(), FOLDER, {"TELCOAI_K3S_EXTRA": str(tmp_path / "extra.yaml")})
    assert made["all"]["vars"]["telcoai_k3s_extra"] == extra


def test_machines_of_ones_own_keep_their_variables() -> None:
    topology = on_k3s("ssh")
    hosts = compose(topology, FOLDER, {}, listed(topology))["all"]["children"]["nodes"]["hosts"]
    assert hosts["control-plane"]["ansible_host"] == "rack-1.lan"
    assert hosts[topology.nodes[0].name]["ansible_user"] == "pi"
    assert "telcoai_container" not in hosts["control-plane"]


def test_all_machines_that_lack_are_named_at_once() -> None:
    topology = on_k3s("ssh")
    with pytest.raises(InputError) as caught:
        compose(topology, FOLDER, {}, {"device": {"hosts": []}})
    for name in names(topology):
        assert f"no host {name} in group" in caught.value.message
    assert "control_plane has 0 hosts" in caught.value.message


def test_groups_within_groups_count() -> None:
    topology = on_k3s("ssh")
    nested = listed(topology, control_plane={"children": ["masters"]}, masters={"hosts": ["rack-1"]})
    assert "control-plane" in compose(topology, FOLDER, {}, nested)["all"]["children"]["nodes"]["hosts"]


def test_a_persons_inventory_is_read_in_its_own_form(tmp_path: Path) -> None:
    topology = on_k3s("ssh", inventory=tmp_path / "hosts.ini")
    lines = [f"[{node.tier}]\n{node.name} ansible_host=10.0.0.{n}" for n, node in enumerate(topology.nodes, 2)]
    (tmp_path / "hosts.ini").write_text("\n".join(["[control_plane]\nrack ansible_host=10.0.0.1", *lines]))
    hosts = inventory(topology, FOLDER)["all"]["children"]["nodes"]["hosts"]
    assert hosts["control-plane"]["ansible_host"] == "10.0.0.1"
    assert hosts[topology.nodes[0].name]["ansible_host"] == "10.0.0.2"


def test_an_inventory_that_cant_be_read_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.ini"):
        inventory(on_k3s("ssh", inventory=tmp_path / "nowhere.ini"), FOLDER)


def test_passwords_are_not_shown() -> None:
    topology = on_k3s("ssh")
    machines = listed(topology)
    machines["_meta"]["hostvars"]["rack-1"] |= {"ansible_become_password": "hush", "ansible_password": "hush"}
    made = compose(topology, FOLDER, {}, machines)
    assert "hush" in json.dumps(made)
    assert "hush" not in json.dumps(without_secrets(made))


def test_testbeds_without_playbooks_have_no_inventory() -> None:
    with pytest.raises(InputError, match="needs no playbook"):
        compose(small_topology(), FOLDER, {}, {})
