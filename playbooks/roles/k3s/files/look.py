#!/usr/bin/env python3
# ruff: noqa: PTH110, PTH112, PTH123, PTH208
"""What k3s needs to find on a machine, and what was there before it.

    look.py look     --testbed T [--api] [--mode M]   says what is there (JSON); changes nothing
    look.py remember --testbed T                      writes down, once, what was there before, for undo.py

Runs on the machine itself: Python 3.8 and its standard library.
"""

import argparse
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

HOME = Path("/var/lib/telcoai")

BINARY = "/usr/local/bin/k3s"

UNITS = ("k3s", "k3s-agent")

TOKEN, CONFIG = "/etc/rancher/k3s/token", "/etc/rancher/k3s/config.yaml"

UNIT_FILES = {unit: f"/etc/systemd/system/{unit}.service" for unit in UNITS}

K3S = (BINARY, "/etc/rancher/k3s", "/var/lib/rancher/k3s", *UNIT_FILES.values())
"""What a k3s of someone else's would show as."""

FULL = ("/var/lib/kubelet", "/etc/kubernetes")
"""Folders that another Kubernetes keeps things in."""

PLUGINS = ("bridge", "host-local", "loopback", "portmap")
"""CNI plugins that a bridge takes."""

OURS = (
    *K3S,
    *(f"{file}.env" for file in UNIT_FILES.values()),
    *("/etc/rancher/node", "/etc/rancher", "/var/lib/rancher", "/run/k3s", "/run/flannel", "/var/lib/kubelet"),
    *("/var/lib/cni/networks/cbr0", "/var/lib/cni/networks/telcoai", "/var/lib/cni/results", "/var/lib/cni/cache"),
    *("/var/lib/cni/networks", "/var/lib/cni", "/etc/cni/net.d/10-telcoai.conflist", "/etc/cni/net.d", "/etc/cni"),
    *(f"/opt/cni/bin/{name}" for name in PLUGINS),
    *("/opt/cni/bin", "/opt/cni", "/opt/containerd/bin", "/opt/containerd/lib", "/opt/containerd"),
    *("/var/log/pods", "/var/log/containers", "/run/containerd", "/usr/libexec/kubernetes", "/run/xtables.lock"),
    *("/etc/kubernetes", "/var/lib/calico", "/run/netns", "/root/.kube", "/run/nodeagent"),
)
"""All that k3s, kubelet, CNI plugins and containerd write; those that weren't there before go, inner ones first."""

SYSCTLS = (
    *("net/ipv4/ip_forward", "net/ipv4/conf/all/forwarding", "net/ipv4/conf/default/forwarding"),
    *("net/ipv6/conf/all/forwarding", "net/ipv6/conf/default/forwarding", "net/ipv4/conf/all/route_localnet"),
    *("net/bridge/bridge-nf-call-iptables", "net/bridge/bridge-nf-call-ip6tables", "net/netfilter/nf_conntrack_max"),
    *(f"net/netfilter/nf_conntrack_tcp_timeout_{name}" for name in ("established", "close_wait")),
    *("vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops"),
    *("kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes", "fs/inotify/max_user_instances"),
)
"""What k3s, kubelet and kube-proxy set."""


def look(options):
    """What is on the machine, as the roles want to know it."""
    mark = HOME / options.testbed
    others = sorted(path.name for path in HOME.glob("*")) if HOME.is_dir() else []
    foreign = [] if mark.is_dir() else [path for path in K3S if os.path.lexists(path)]
    foreign += [] if mark.is_dir() else [path for path in FULL if Path(path).is_dir() and os.listdir(path)]
    ports = [] if mark.is_dir() else taken([10250, *([6443] if options.api else [])])
    return {
        "ours": mark.is_dir(),
        "other_testbeds": [name for name in others if name != options.testbed],
        "foreign": foreign,
        "ports_taken": ports,
        "binary_sha256": sha256(BINARY),
        "help": help_of(options.mode) if mark.is_dir() and options.mode else "",
        "written": {path: written(path) for path in (TOKEN, CONFIG, *UNIT_FILES.values())},
        "running": [unit for unit in UNITS if is_running(unit)],
        "programs_missing": [name for name in options.programs if not program(name)],
        "memory_cgroup": has_memory_cgroup(),
        "selinux_enforcing": read("/sys/fs/selinux/enforce") == "1",
        "address": address(),
        "folders_missing": [path for path in ("/opt/cni/bin", "/etc/cni/net.d") if not os.path.isdir(path)],
        "plugins_missing": [name for name in PLUGINS if not os.path.exists(f"/opt/cni/bin/{name}")],
        "packages": before(options.testbed).get("packages", []),
    }


def help_of(mode):
    """What the k3s here says of its options as server or agent; "" without one."""
    return output([BINARY, mode, "--help"]) if os.access(BINARY, os.X_OK) else ""


def written(path):
    """Digest and mode of a file, "" when there is none."""
    digest = sha256(path)
    return f"{digest} {Path(path).stat().st_mode & 0o7777:04o}" if digest else ""


def is_running(unit):
    """Whether a unit runs now, and will after the next start of the machine."""
    if not os.path.exists(UNIT_FILES[unit]):
        return False
    said = output(["systemctl", "show", "--property=ActiveState,UnitFileState", unit]).split()
    return {"ActiveState=active", "UnitFileState=enabled"} <= set(said)


def remember(options):
    """Write down what is there before the testbed changes anything; what was written once stays."""
    state = {
        "absent": [path for path in (*OURS, *options.files) if not os.path.lexists(path)],
        "sysctls": {name: value for name in SYSCTLS if (value := read(f"/proc/sys/{name}"))},
        "interfaces": sorted(os.listdir("/sys/class/net")),
        "tables": tables(),
        "groups": [str(path) for path in groups()],
        "packages": options.programs,
        "pod_subnet": options.pod_subnet,
    }
    folder = HOME / options.testbed
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = folder / "before.json.part"
    part.write_text(json.dumps(state, indent=1))
    part.replace(folder / "before.json")
    return ["before.json"]


def before(testbed):
    """What ``remember`` wrote; nothing when it didn't come that far."""
    try:
        return json.loads((HOME / testbed / "before.json").read_text())
    except (OSError, ValueError):
        return {}


def groups():
    """The kubelet's control groups of pods, one in each hierarchy; those of clusters in containers lie deeper."""
    root = Path("/sys/fs/cgroup")
    return [path for pattern in ("kubepods*", "*/kubepods*") for path in root.glob(pattern) if path.is_dir()]


def tables():
    """nftables' tables, as ``FAMILY NAME``."""
    lines = output(["nft", "list", "tables"]).splitlines() if program("nft") else []
    return [line.partition("table ")[2].strip() for line in lines if line.startswith("table ")]


def taken(ports):
    """Those of the TCP ports that something listens on."""
    lines = [line.split() for name in ("tcp", "tcp6") for line in read(f"/proc/net/{name}").splitlines()[1:]]
    listening = {int(line[1].rpartition(":")[2], 16) for line in lines if line[3] == "0A"}
    return [port for port in ports if port in listening]


def has_memory_cgroup():
    """Whether the kernel accounts memory by group: Raspberry Pi OS has that off."""
    if "memory" in read("/sys/fs/cgroup/cgroup.controllers").split():
        return True
    rows = [line.split() for line in read("/proc/cgroups").splitlines() if not line.startswith("#")]
    return any(row[0] == "memory" and row[3] == "1" for row in rows)


def address():
    """The address that the machine would send from; "" without a route."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return probe.getsockname()[0]


def sha256(path):
    """Digest of a file, "" when there is none."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()


def program(name):
    """Path of a program, also of those for root only."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin")


def output(argv):
    """What a command prints, "" when it fails."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    return done.stdout if done.returncode == 0 else ""


def read(path):
    """A file's text, "" when it can't be read."""
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def main():
    """One of the two; the answer is a line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["look", "remember"])
    parser.add_argument("--testbed", required=True)
    parser.add_argument("--api", action="store_true")
    parser.add_argument("--mode", default="")
    parser.add_argument("--pod-subnet", default="")
    parser.add_argument("--files", nargs="*", default=[])
    parser.add_argument("--programs", type=lambda text: text.split(","), default=[])
    options = parser.parse_args()
    answer = {"look": look, "remember": remember}[options.verb](options)
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
