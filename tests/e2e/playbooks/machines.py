"""Real machines for playbooks to work on: containers with systemd and sshd that stand for boards of a person's own."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

IMAGES = Path(__file__).parents[3] / "telcoai" / "images"

STATE = r"""
find / -xdev \( -path /proc -o -path /sys -o -path /tmp -o -path /dev -o -path /run/systemd -o -path /run/udev \
  -o -path /run/log -o -path /run/sudo -o -path /run/user \) -prune -o -printf 'file %p %m %u %l\n' 2>/dev/null
find /var -xdev \( -path /var/log/journal -o -path /var/lib/systemd -o -path /var/tmp -o -path /var/lib/sudo \
  -o -path /var/log/lastlog -o -path /var/log/wtmp \) -prune -o -printf 'file %p %m %u %l\n'
find /run -xdev \( -path /run/systemd -o -path /run/log -o -path /run/sudo -o -path /run/sshd \) \
  -prune -o -printf 'file %p %m %u %l\n'
systemctl list-unit-files --no-legend --plain | sed 's/^/unit-file /'
systemctl list-units --all --no-legend --plain --type=service | awk '{print "unit", $1, $2, $3, $4}'
ps -e -o comm= | grep -v -E '^(ps|sh|sed|sort|bash|sshd|sshd-session|awk|find|grep|systemctl|cat|tr)' \
  | sort | sed 's/^/process /'
ip -o link | awk '{print "interface", $2}'
ip route show table all | sed 's/^/route /'; ip rule | sed 's/^/rule /'
for t in iptables ip6tables; do $t-save 2>/dev/null | grep -v '^#' | sed -E "s/\[[0-9]+:[0-9]+\]//; s/^/$t /"; done
nft list ruleset | sed 's/^/nft /'
awk '{print "mount", $2, $3}' /proc/mounts
for s in net/ipv4/ip_forward \
  net/ipv4/conf/all/forwarding net/ipv4/conf/default/forwarding net/ipv6/conf/all/forwarding \
  net/ipv6/conf/default/forwarding net/bridge/bridge-nf-call-iptables net/ipv4/conf/all/route_localnet; do
  echo "sysctl $s $(cat /proc/sys/$s 2>/dev/null)"; done
find /sys/fs/cgroup -maxdepth 2 -type d -name 'kubepods*' | sed 's/^/cgroup /'
ip netns | sed 's/^/netns /'
"""
"""Everything that ``down`` must leave as it was before ``up``, a line each."""


def docker(*argv: str, stdin: str | None = None, check: bool = True) -> str:
    """What ``docker ARGV…`` prints."""
    done = subprocess.run(["docker", *argv], input=stdin, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, f"docker {' '.join(argv)}: {done.stderr}"
    return done.stdout.strip()


def why_not() -> str:
    """Why machines can't be made here; "" when they can."""
    base = os.environ.get("TELCOAI_MACHINE_BASE", "")
    try:
        done = subprocess.run(["docker", "image", "inspect", base], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "there is no docker client"
    return "" if done.returncode == 0 else f"no image for machines (TELCOAI_MACHINE_BASE={base!r}): make cluster-host"


@dataclass(frozen=True)
class Machine:
    """A machine: its container's name, and its address as seen from here."""

    container: str
    address: str

    def sh(self, script: str, check: bool = True) -> str:
        """What a script prints there."""
        return docker("exec", "-i", self.container, "sh", "-s", stdin=script, check=check)

    def state(self) -> set[str]:
        """What is there: files, units, processes, network, mounts, settings."""
        return set(self.sh(STATE, check=False).splitlines())


def boot(names: list[str], prefix: str, key: str, memory: str = "2g") -> dict[str, Machine]:
    """Machines with those names, running, that let ``key`` in as root."""
    base, machines = os.environ["TELCOAI_MACHINE_BASE"], {}
    image = f"{prefix}-board"
    docker("build", "--quiet", f"--build-arg=BASE={base}", f"--tag={image}", str(IMAGES / "machine"), "--file",
           str(IMAGES / "machine" / "Containerfile"))  # fmt: skip
    for name in names:
        options = ["--detach", "--privileged", "--cgroupns=private", "--tmpfs=/tmp", "--tmpfs=/run", "--volume=/var"]
        docker("run", *options, f"--memory={memory}", f"--name={prefix}-{name}", f"--hostname={name}",
               f"--env=TELCOAI_PUBLIC_KEY={key}", image)  # fmt: skip
    for name in names:
        address = docker("inspect", "--format={{.NetworkSettings.IPAddress}}", f"{prefix}-{name}")
        machines[name] = Machine(f"{prefix}-{name}", address)
        machines[name].sh("for i in $(seq 120); do systemctl is-active -q ssh && exit 0; sleep 0.5; done; exit 1")
        machines[name].sh(
            "for i in $(seq 60); do systemctl is-system-running | grep -q -v starting && exit 0; sleep 0.5; done"
        )
    return machines


def discard(prefix: str) -> None:
    """Remove all machines of that prefix, and their image."""
    names = docker("ps", "--all", f"--filter=name=^{prefix}-", "--format={{.Names}}").split()
    if names:
        docker("rm", "--force", "--volumes", *names)
    docker("rmi", "--force", f"{prefix}-board", check=False)
