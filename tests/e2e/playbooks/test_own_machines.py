"""Machines of a person's own: made into a cluster, brought back to what they were, refused with a reason."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from telcoai.adapters.ansible import PlaybookStats, run_playbook
from telcoai.errors import NodeError
from telcoai.spec import load_testbed
from telcoai.testbed.inventory import inventory
from tests.e2e.playbooks import machines as made
from tests.e2e.playbooks.machines import Machine

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(made.why_not()), reason=made.why_not()),
    pytest.mark.skipif(not os.environ.get("TELCOAI_K3S"), reason="TELCOAI_K3S names no k3s binary"),
]

PREFIX = f"pb-own-{os.getpid()}"
TESTBED = """
apiVersion: telcoai/v1alpha1
kind: Testbed
metadata: {name: pb-own}
spec:
  hosts: ssh
  platform: k3s
  inventory: hosts.ini
  k3s: {cni: bridge}
  nodes:
    - {name: camera, tier: device, profile: raspberry-pi-4}
  links: []
"""


class Site:
    """Two machines, and the testbed on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")], check=True)
        self.boards = made.boot(["master", "camera"], PREFIX, (folder / "key.pub").read_text().strip())
        known = [
            f"{board.address} {board.sh('cat /etc/ssh/ssh_host_ed25519_key.pub')}\n" for board in self.boards.values()
        ]
        (folder / "known_hosts").write_text("".join(known))
        (folder / "testbed.yaml").write_text(TESTBED)
        self.write_inventory()

    def write_inventory(self, camera: str = "", key: str = "key", known: str = "known_hosts") -> None:
        address = {name: board.address for name, board in self.boards.items()}
        (self.folder / "hosts.ini").write_text(
            f"[control_plane]\nmaster ansible_host={address['master']}\n"
            f"[device]\ncamera ansible_host={address['camera']} {camera}\n"
            f"[all:vars]\nansible_user=root\nansible_ssh_private_key_file={self.folder / key}\n"
            f"ansible_ssh_common_args='-o UserKnownHostsFile={self.folder / known} -o StrictHostKeyChecking=yes'\n"
        )

    def play(self, playbook: str, check: bool = False) -> PlaybookStats:
        environment = {name: value for name, value in os.environ.items() if name.startswith("TELCOAI_")}
        made_inventory = inventory(load_testbed(self.folder / "testbed.yaml"), self.folder / "state", environment)
        return run_playbook(playbook, made_inventory, {}, step=lambda _: None, check=check, timeout_s=400)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    try:
        yield Site(tmp_path_factory.mktemp("site"))
    finally:
        made.discard(PREFIX)


def differences(before: set[str], after: set[str]) -> list[str]:
    return sorted([f"- {line}" for line in before - after] + [f"+ {line}" for line in after - before])


def undone(board: Machine, before: set[str]) -> list[str]:
    return differences(before, board.state())


def test_a_machine_is_after_down_what_it_was_before_up(site: Site) -> None:
    site.play("down.yml")  # warms up what ssh and sudo leave
    before = {name: board.state() for name, board in site.boards.items()}
    assert site.play("up.yml", check=True).changes >= 0
    assert {name: undone(board, before[name]) for name, board in site.boards.items()} == {"master": [], "camera": []}
    site.play("up.yml")
    assert "Ready" in site.boards["master"].sh("k3s kubectl get nodes; rm -rf /root/.kube")
    assert site.play("up.yml").changes == 0
    assert site.play("down.yml", check=True).changes > 0
    site.play("down.yml")
    assert {name: undone(board, before[name]) for name, board in site.boards.items()} == {"master": [], "camera": []}
    assert site.play("down.yml").changes == 0


def test_someone_elses_k3s_is_refused_and_untouched(site: Site) -> None:
    board = site.boards["camera"]
    board.sh("mkdir -p /etc/rancher/k3s; echo 'node-name: mine' >/etc/rancher/k3s/config.yaml")
    before = board.state()
    try:
        with pytest.raises(NodeError, match=r"(?s)host camera: .*isn't telcoai's.*/etc/rancher/k3s"):
            site.play("up.yml")
        site.play("down.yml")
        assert undone(board, before) == []
    finally:
        board.sh("rm -rf /etc/rancher")


@pytest.mark.parametrize(
    ("camera", "message", "hint"),
    [
        ("ansible_host=192.0.2.7 ansible_ssh_timeout=3", "host camera: .*(timed out|unreachable|no route)", "address"),
        ("ansible_ssh_private_key_file=/dev/null", "host camera: .*(permission denied|invalid format)", "key"),
        ("ansible_user=pi ansible_become_password=wrong", "host camera: .*password", "ansible_become_password"),
        ("ansible_python_interpreter=/usr/bin/python9", "host camera: .*python9", "install python3"),
    ],
)
def test_what_is_wrong_with_a_machine_is_said(site: Site, camera: str, message: str, hint: str) -> None:
    board = site.boards["camera"]
    board.sh(
        "id pi 2>/dev/null || useradd -m -s /bin/bash pi; echo pi:right | chpasswd; mkdir -p ~pi/.ssh; "
        "cp /root/.ssh/authorized_keys ~pi/.ssh; chown -R pi ~pi/.ssh; echo 'pi ALL=(ALL) ALL' >/etc/sudoers.d/pi"
    )
    site.write_inventory(camera)
    try:
        with pytest.raises(NodeError, match=f"(?is){message}") as caught:
            site.play("up.yml")
        assert hint in caught.value.hint
        assert "wrong" not in caught.value.message.split("password")[-1]
    finally:
        site.write_inventory()
        site.play("down.yml")


def test_an_unknown_host_key_is_not_taken(site: Site) -> None:
    (site.folder / "nobody").write_text("")
    site.write_inventory(known="nobody")
    try:
        with pytest.raises(NodeError, match=r"(?i)host key verification failed") as caught:
            site.play("up.yml")
        assert "fingerprint" in caught.value.hint
    finally:
        site.write_inventory()
