"""Machines of a person's own: made into a cluster, brought back to what they were, refused with a reason.

Where no k3s is at hand, machines are made ready up to the start of the units; what stands for k3s then only answers
which options it knows.
"""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml

from telcoai.adapters.ansible import PlaybookStats, run_playbook
from telcoai.errors import NodeError
from telcoai.spec import load_testbed
from telcoai.spec.cluster import K3S_VERSION
from telcoai.testbed.inventory import inventory
from tests.e2e.playbooks import machines as made
from tests.e2e.playbooks.machines import Machine

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(made.why_not()), reason=made.why_not()),
]
needs_k3s = pytest.mark.skipif(not os.environ.get("TELCOAI_K3S"), reason="TELCOAI_K3S names no k3s binary")
STAND_IN = """#!/bin/sh
[ "$2" = --help ] && echo "   --node-name value  --disable-network-policy"
"""

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

LISTEN = 'import socket, time; door = socket.create_server(("", 10250)); time.sleep(999)'


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
        self.k3s = Path(os.environ.get("TELCOAI_K3S") or folder / "stand-in")
        (folder / "stand-in").write_text(STAND_IN)
        self.write_inventory()

    def write_inventory(self, camera: str = "", key: str = "key", known: str = "known_hosts") -> None:
        address = {name: board.address for name, board in self.boards.items()}
        (self.folder / "hosts.ini").write_text(
            f"[control_plane]\nmaster ansible_host={address['master']}\n"
            f"[device]\ncamera ansible_host={address['camera']} {camera}\n"
            f"[all:vars]\nansible_user=root\nansible_ssh_private_key_file={self.folder / key}\n"
            f"ansible_ssh_common_args='-o UserKnownHostsFile={self.folder / known} -o StrictHostKeyChecking=yes'\n"
        )

    def play(self, playbook: str, check: bool = False, start: bool = True, releases: str = "") -> PlaybookStats:
        """Run a playbook; with k3s downloaded from ``releases`` where that is said."""
        environment = {name: value for name, value in os.environ.items() if name.startswith("TELCOAI_")}
        environment["TELCOAI_K3S"] = "" if releases else str(self.k3s)
        settings = {"telcoai_start": start} | ({"k3s_releases": releases} if releases else {})
        made_inventory = inventory(load_testbed(self.folder / "testbed.yaml"), self.folder / "state", environment)
        return run_playbook(playbook, made_inventory, settings, step=lambda _: None, check=check, timeout_s=400)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    try:
        there = Site(tmp_path_factory.mktemp("site"))
        there.play("down.yml")  # what ssh, sudo and Ansible leave on every machine that they reach is there then
        yield there
    finally:
        made.discard(PREFIX)


def differences(before: set[str], after: set[str]) -> list[str]:
    return sorted([f"- {line}" for line in before - after] + [f"+ {line}" for line in after - before])


def undone(board: Machine, before: set[str]) -> list[str]:
    return differences(before, board.state())


def test_machines_are_made_ready_up_to_the_start_and_are_after_down_what_they_were(site: Site) -> None:
    before = {name: board.state() for name, board in site.boards.items()}
    site.play("up.yml", start=False)
    token = {board.sh("cat /etc/rancher/k3s/token") for board in site.boards.values()}
    assert len(token) == 1
    assert len(token.pop()) >= 32
    for board, name, mode in (
        (site.boards["master"], "control-plane", "server"),
        (site.boards["camera"], "camera", "agent"),
    ):
        unit = "k3s" if mode == "server" else "k3s-agent"
        assert board.sh("stat -c %a /etc/rancher/k3s/token /etc/rancher/k3s/config.yaml").split() == ["600", "600"]
        assert board.sh("sha256sum </usr/local/bin/k3s").split()[0] == hashlib.sha256(site.k3s.read_bytes()).hexdigest()
        config = yaml.safe_load(board.sh("cat /etc/rancher/k3s/config.yaml"))
        assert config["node-name"] == name
        assert config["node-ip"] == board.address
        assert config["token-file"] == "/etc/rancher/k3s/token"
        assert board.sh(f"systemctl is-active {unit}", check=False) == "inactive"
        assert mode in board.sh(f"systemctl show -P ExecStart {unit}")
        assert board.sh(f"systemd-analyze verify {unit}.service 2>&1") == ""
    assert "telcoai.dev/node=camera" in config["node-label"]
    assert config["server"] == f"https://{site.boards['master'].address}:6443"
    assert site.play("up.yml", start=False).changes == 0
    site.play("down.yml")
    assert {name: undone(board, before[name]) for name, board in site.boards.items()} == {"master": [], "camera": []}
    assert site.play("down.yml").changes == 0


@pytest.fixture
def releases(site: Site, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A server of releases that the machines reach: its folder of one version, and its address."""
    folder = tmp_path / K3S_VERSION
    folder.mkdir()
    (folder / "k3s").write_bytes(site.k3s.read_bytes())
    gateway = site.boards["master"].sh("ip route show default").split()[2]
    with ThreadingHTTPServer((gateway, 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://{gateway}:{server.server_port}"
        server.shutdown()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the digests' file is named for amd64")
def test_a_release_is_downloaded_once_and_only_with_the_published_digest(
    site: Site, releases: tuple[Path, str]
) -> None:
    folder, address = releases
    board, digest = site.boards["camera"], hashlib.sha256(site.k3s.read_bytes()).hexdigest()
    before = board.state()
    (folder / "sha256sum-amd64.txt").write_text(f"{'0' * 64}  k3s\n")
    with pytest.raises(NodeError, match=r"(?is)host \S+: .*checksum"):
        site.play("up.yml", start=False, releases=address)
    assert board.sh("ls /usr/local/bin") == ""
    (folder / "sha256sum-amd64.txt").write_text(f"{'0' * 64}  k3s-airgap-images-amd64.tar\n{digest}  k3s\n")
    site.play("up.yml", start=False, releases=address)
    assert board.sh("sha256sum </usr/local/bin/k3s").split()[0] == digest
    assert site.play("up.yml", start=False, releases=address).changes == 0
    site.play("down.yml")
    assert undone(board, before) == []


@needs_k3s
def test_a_machine_is_after_down_what_it_was_before_up(site: Site) -> None:
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
    ("spoil", "mend", "message"),
    [
        (
            f"systemd-run --unit=guest python3 -c '{LISTEN}'; "
            "for i in $(seq 50); do ss -ltn | grep -q :10250 && break; sleep 0.1; done",
            "systemctl stop guest",
            "another program on this machine listens on port 10250",
        ),
        (
            "mount -t tmpfs -o size=4k,nr_inodes=1 none /usr/local/bin",
            "umount /usr/local/bin",
            "no space left on device",
        ),
    ],
    ids=["port taken", "disk full"],
)
def test_what_is_in_the_way_on_a_machine_is_said_and_is_left_there(
    site: Site, spoil: str, mend: str, message: str
) -> None:
    board = site.boards["camera"]
    board.sh(spoil)
    before = board.state()
    try:
        with pytest.raises(NodeError, match=f"(?is)host camera: .*{message}"):
            site.play("up.yml", start=False)
        site.play("down.yml")
        assert undone(board, before) == []
    finally:
        board.sh(mend)


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
