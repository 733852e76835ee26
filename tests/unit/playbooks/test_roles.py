"""What roles decide from facts and from k3s's own help text; in check mode, on recorded facts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
FACTS = Path(__file__).parent / "facts"
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}

OLD = """
OPTIONS:
   --token-file value                         (cluster) File containing the cluster-secret/token [$K3S_TOKEN_FILE]
   --disable value                            (components) Do not deploy packaged components
   --disable-network-policy                   (components) Disable k3s default network policy controller
   --kubelet-arg value                        (agent/flags) Customized flag for kubelet process
   --pause-image value                        (agent/runtime) Customized pause image
"""
NEW = OLD + "   --disable-helm-controller                  (components) Disable Helm controller\n"


def ansible(
    folder: Path, tasks: list[dict[str, Any]], hosts: dict[str, Any], *options: str
) -> subprocess.CompletedProcess[str]:
    """Run tasks with the roles at hand."""
    (folder / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ANSIBLE_ROLES_PATH": str(ROOT / "playbooks" / "roles"),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_NOCOLOR": "1",
    }
    command = ["ansible-playbook", "-i", str(folder / "hosts.json"), str(folder / "play.yml"), *options]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)


def answer(folder: Path, values: dict[str, str]) -> dict[str, Any]:
    """A task that writes down what was decided."""
    content = "{{ {" + ", ".join(f"'{name}': {value}" for name, value in values.items()) + "} | to_json }}"
    return {
        "ansible.builtin.copy": {"content": content, "dest": f"{folder}/{{{{ inventory_hostname }}}}.answer"},
        "check_mode": False,
    }


def role(tasks: str, **variables: Any) -> dict[str, Any]:
    return {"ansible.builtin.include_role": {"name": "k3s", "tasks_from": tasks}, "vars": variables}


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("families")
    recorded = {path.stem: json.loads(path.read_text()) for path in FACTS.iterdir()}
    facts = {name.removeprefix("ansible_") for one in recorded.values() for name in one}
    recall = {name: f"{{{{ recorded.ansible_{name} }}}}" for name in facts} | {"cacheable": True}
    values = {
        "packages": "k3s_packages.values() | unique | list",
        "asset": "k3s_architectures[ansible_facts.architecture]",
        "hint": "k3s_cgroup_hint",
    }
    public = role("suit")
    public["ansible.builtin.include_role"]["public"] = True
    hosts = {name: LOCAL | {"recorded": one} for name, one in recorded.items()}
    done = ansible(folder, [{"ansible.builtin.set_fact": recall}, public, answer(folder, values)], hosts, "--check")
    answers = {name: folder / f"{name}.answer" for name in recorded}
    read = {name: json.loads(path.read_text()) for name, path in answers.items() if path.exists()}
    return {**read, "refused": {"text": done.stdout + done.stderr}}


@pytest.mark.parametrize(
    ("machine", "binary", "sums", "iptables"),
    [
        ("debian-12-amd64", "k3s", "sha256sum-amd64.txt", "iptables"),
        ("ubuntu-24-arm64", "k3s-arm64", "sha256sum-arm64.txt", "iptables"),
        ("raspberry-pi-os-12-arm64", "k3s-arm64", "sha256sum-arm64.txt", "iptables"),
        ("raspberry-pi-os-11-armv7", "k3s-armhf", "sha256sum-arm.txt", "iptables"),
        ("rocky-9-amd64", "k3s", "sha256sum-amd64.txt", "iptables-nft"),
    ],
)
def test_each_family_and_processor_gets_its_own(
    decided: dict[str, dict[str, Any]], machine: str, binary: str, sums: str, iptables: str
) -> None:
    assert decided[machine]["asset"] == {"binary": binary, "sums": sums}
    assert iptables in decided[machine]["packages"]


def test_raspberry_pi_os_is_told_where_its_kernels_options_are(decided: dict[str, dict[str, Any]]) -> None:
    for machine, file in (
        ("raspberry-pi-os-12-arm64", "/boot/firmware/cmdline.txt"),
        ("raspberry-pi-os-11-armv7", "/boot/cmdline.txt"),
    ):
        assert "cgroup_memory=1 cgroup_enable=memory" in decided[machine]["hint"]
        assert f" {file} " in decided[machine]["hint"]


@pytest.mark.parametrize("machine", ["opensuse-15-amd64", "debian-12-riscv64"])
def test_other_systems_are_refused(decided: dict[str, dict[str, Any]], machine: str) -> None:
    assert machine not in decided
    assert "is not among the systems that these roles are written for" in decided["refused"]["text"]


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("options")
    wanted = {"token-file": "/etc/rancher/k3s/token", "disable": ["traefik"]}
    optional = {"disable-helm-controller": True, "disable-network-policy": True}
    common = {"k3s_wanted": wanted, "k3s_optional": optional, "k3s_mode": "server"}
    site = {"pause-image": "p:1", "disable": ["coredns"]}
    hosts = {
        "old": LOCAL | common | {"k3s_help": {"stdout": OLD}},
        "new": LOCAL | common | {"k3s_help": {"stdout": NEW}},
        "site": LOCAL | common | {"k3s_help": {"stdout": OLD}, "k3s_extra": {"config": site}},
        "typo": LOCAL | common | {"k3s_help": {"stdout": OLD}, "k3s_extra": {"config": {"puase-image": "p:1"}}},
        "container": LOCAL | common | {"k3s_help": {"stdout": OLD}, "k3s_containers": True},
    }  # fmt: skip
    done = ansible(folder, [role("options"), answer(folder, {"options": "k3s_options"})], hosts)
    read = {path.stem: json.loads(path.read_text())["options"] for path in folder.glob("*.answer")}
    return {**read, "said": done.stdout + done.stderr}


def test_an_option_that_a_version_doesnt_know_isnt_given_to_it(options: dict[str, Any]) -> None:
    assert "disable-helm-controller" not in options["old"]
    assert options["old"]["disable-network-policy"] is True
    assert options["new"]["disable-helm-controller"] is True


def test_a_sites_options_are_added(options: dict[str, Any]) -> None:
    assert options["site"]["pause-image"] == "p:1"
    assert options["site"]["disable"] == ["traefik", "coredns"]


def test_a_sites_option_that_k3s_doesnt_know_is_refused(options: dict[str, Any]) -> None:
    assert "typo" not in options
    assert "this k3s has no option puase-image" in options["said"]


def test_containers_leave_the_hosts_connection_limits_alone(options: dict[str, Any]) -> None:
    assert "conntrack-max-per-core=0" in options["container"]["kube-proxy-arg"]
    assert "kube-proxy-arg" not in options["new"]


def test_every_role_says_what_it_takes() -> None:
    roles = [path for path in (ROOT / "playbooks" / "roles").iterdir() if path.is_dir()]
    for path in roles:
        specified = yaml.safe_load((path / "meta" / "argument_specs.yml").read_text())["argument_specs"]
        taken = {name for entry in specified.values() for name in entry.get("options", {})}
        assert all(name.startswith(f"{path.name}_") for name in taken), path.name
        for entry in specified:
            assert (path / "tasks" / f"{entry}.yml").is_file(), f"{path.name}: {entry}"


@pytest.mark.skipif(
    shutil.which("ansible-lint", path=str(Path(sys.executable).parent)) is None, reason="no ansible-lint"
)
def test_ansible_lint_finds_nothing(tmp_path: Path) -> None:
    bin_folder = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}", "ANSIBLE_HOME": str(tmp_path)}
    command = [str(bin_folder / "ansible-lint"), "--offline", "--profile", "production", "-q", "--nocolor", "playbooks"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment, timeout=250, check=False)
    assert done.returncode == 0, done.stdout
