#!/usr/bin/env python3
"""What k3s needs to find on a machine, what was there before it, and how that is brought back.

    machine.py look     --testbed T [--api]   says what is there (JSON); changes nothing
    machine.py remember --testbed T           writes down what was there before, once
    machine.py undo     --testbed T [--check] removes what came with the testbed; says what (JSON list)

Runs on the machine itself: Python 3.8 and its standard library. Only a machine that carries the testbed's mark
(/var/lib/telcoai/T) is ever changed.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

HOME = Path("/var/lib/telcoai")
BINARY = "/usr/local/bin/k3s"
UNITS = ("k3s", "k3s-agent")
K3S = (BINARY, "/etc/rancher/k3s", "/var/lib/rancher/k3s", *(f"/etc/systemd/system/{unit}.service" for unit in UNITS))
"""What a k3s of someone else's would show as."""

FULL = ("/var/lib/kubelet", "/etc/kubernetes")
"""Folders that another Kubernetes keeps things in."""

PLUGINS = ("bridge", "host-local", "loopback", "portmap")
"""CNI plugins that a bridge takes."""

OURS = (
    *K3S,
    *(f"/etc/systemd/system/{unit}.service.env" for unit in UNITS),
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

INTERFACES = re.compile(r"^(cni0|flannel[.\-].*|flannel|kube-ipvs0|kube-bridge|nodelocaldns)$")
MOUNTS = ("/run/k3s", "/var/lib/kubelet", "/var/lib/rancher/k3s", "/run/netns/cni-")
RULES = re.compile(r"KUBE-|CNI-|FLANNEL|flannel|telcoai|kubernetes")
ROUTES = "84"
"""Number (protocol) of the routes that the role sets."""


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
        "programs_missing": [name for name in options.programs if not program(name)],
        "memory_cgroup": has_memory_cgroup(),
        "selinux_enforcing": read("/sys/fs/selinux/enforce") == "1",
        "address": address(),
        "folders_missing": [path for path in ("/opt/cni/bin", "/etc/cni/net.d") if not os.path.isdir(path)],
        "plugins_missing": [name for name in PLUGINS if not os.path.exists(f"/opt/cni/bin/{name}")],
        "packages": before(options.testbed).get("packages", []),
    }


def remember(options):
    """Write down what is there before the testbed changes anything; what was written once stays."""
    state = {
        "existing": [path for path in OURS if os.path.lexists(path)],
        "sysctls": {name: value for name in SYSCTLS if (value := read(f"/proc/sys/{name}"))},
        "interfaces": sorted(os.listdir("/sys/class/net")),
        "tables": tables(),
        "packages": options.programs,
        "pod_subnet": options.pod_subnet,
        "files": [path for path in options.files if not os.path.lexists(path)],
    }
    folder = HOME / options.testbed
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = folder / "before.json.part"
    part.write_text(json.dumps(state, indent=1))
    part.replace(folder / "before.json")
    return ["before.json"]


def undo(options):
    """Bring the machine back; what has been done, or would be."""
    mark = HOME / options.testbed
    if not mark.is_dir():
        return []
    state, done = before(options.testbed), Doing(options.check)
    for unit in UNITS:
        file = Path(f"/etc/systemd/system/{unit}.service")
        if file.is_file() and f"telcoai testbed {options.testbed}" in file.read_text():
            done.run(["systemctl", "disable", "--now", "--quiet", unit])
    for _ in range(50):
        left = processes()
        if not left or options.check:
            break
        for pid in left:
            done.kill(pid)
        time.sleep(0.1)
    for target in mounts():
        done.run(["umount", "--lazy", target])
    for name in sorted(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else []:
        if name.startswith("cni-"):
            done.run(["ip", "netns", "delete", name])
    for name in interfaces(state):
        done.run(["ip", "link", "delete", name])
    if output(["ip", "route", "show", "proto", ROUTES]):
        done.run(["ip", "route", "flush", "proto", ROUTES])
    remove_rules(state, done)
    if groups():
        done.call("control groups of pods", remove_groups)
    for path in sorted({*OURS, *state.get("files", [])}, key=lambda path: (-path.count("/"), path)):
        if path not in state.get("existing", OURS) and os.path.lexists(path):
            done.call(path, lambda path=path: remove(path))
    for name, value in state.get("sysctls", {}).items():
        if read(f"/proc/sys/{name}") not in (value, ""):
            done.call(f"sysctl {name}", lambda name=name, value=value: Path(f"/proc/sys/{name}").write_text(value))
    done.run(["systemctl", "daemon-reload"])
    done.run(["systemctl", "reset-failed", "--quiet"])
    done.call(str(mark), lambda: shutil.rmtree(mark))
    if not options.check and not any(HOME.iterdir()):
        HOME.rmdir()
    return done.what


class Doing:
    """Does things, or only says what would be done."""

    def __init__(self, check):
        self.check, self.what = check, []

    def call(self, name, act):
        """Note it and do it; what is gone already is no trouble."""
        self.what.append(name)
        if self.check:
            return
        try:
            act()
        except FileNotFoundError:
            pass
        except OSError as err:
            self.what[-1] = f"FAILED {name}: {err}"

    def run(self, argv, stdin=None):
        """Run a command."""
        self.call(" ".join(argv), lambda: subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=60))

    def kill(self, pid):
        """End a process at once."""
        try:
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            self.call(f"process {name}", lambda: os.kill(pid, signal.SIGKILL))
        except (OSError, ProcessLookupError):
            pass


def before(testbed):
    """What ``remember`` wrote; nothing when it didn't come that far."""
    try:
        return json.loads((HOME / testbed / "before.json").read_text())
    except (OSError, ValueError):
        return {}


def processes():
    """k3s itself, its containerd and shims, and all that runs in its pods."""
    parents, roots = {}, set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if re.search(r"/run/k3s/containerd|/var/lib/rancher/k3s/data/|^/usr/local/bin/k3s ", line):
            roots.add(int(entry.name))
    roots.discard(os.getpid())
    found = set(roots)
    while grown := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= grown
    return sorted(found - {os.getpid(), os.getppid()})


def mounts():
    """Mounts of pods and of k3s, the innermost first."""
    targets = [line.split()[1].replace("\\040", " ") for line in Path("/proc/mounts").read_text().splitlines()]
    return [target for target in reversed(targets) if target.startswith(MOUNTS)]


def interfaces(state):
    """Bridges and tunnels of the pod network, and pods' ends on the bridge."""
    there = set(os.listdir("/sys/class/net")) - set(state.get("interfaces", os.listdir("/sys/class/net")))
    ports = [name for name in there if os.path.basename(os.path.realpath(f"/sys/class/net/{name}/master")) == "cni0"]
    return sorted(ports) + sorted(name for name in there if INTERFACES.match(name))


def groups():
    """Control groups of pods, the innermost first."""
    return sorted(Path("/sys/fs/cgroup").glob("**/kubepods*/**/"), key=lambda path: -len(path.parts))


def remove_groups():
    """Remove them; the kernel needs a moment after the last process of each."""
    for _ in range(100):
        busy = None
        for path in groups():
            try:
                path.rmdir()
            except FileNotFoundError:
                pass
            except OSError as err:
                busy = err
        if busy is None:
            return
        time.sleep(0.1)
    raise busy


def remove_rules(state, done):
    """Rules and chains of kube-proxy, CNI and flannel, from whichever iptables they are in; then what got empty."""
    subnet = re.compile(rf" {re.escape(state['pod_subnet'])} ") if state.get("pod_subnet") else RULES
    for name in ("iptables", "ip6tables", "iptables-legacy", "ip6tables-legacy"):
        save, restore = name + "-save", name + "-restore"
        rules = output([save]) if program(save) else ""
        kept = "".join(
            line + "\n" for line in rules.splitlines() if not RULES.search(line) and not subnet.search(f"{line} ")
        )
        if kept.strip() != rules.strip():
            done.run([restore], kept)
    for table in tables():
        if table not in state.get("tables", tables()) and table.split()[-1] in ("filter", "nat", "mangle", "raw"):
            if not re.search(r"^\s+(?!type |policy )\S.*\s(accept|drop|jump|return|masquerade)", listing(table), re.M):
                done.run(["nft", "delete", "table", *table.split()])
        elif table not in state.get("tables", tables()) and "kube" in table:
            done.run(["nft", "delete", "table", *table.split()])


def tables():
    """nftables' tables, as ``FAMILY NAME``."""
    lines = output(["nft", "list", "tables"]).splitlines() if program("nft") else []
    return [line.partition("table ")[2].strip() for line in lines if line.startswith("table ")]


def listing(table):
    """The rules of a table, with what iptables leaves when a chain is empty cut off."""
    text = output(["nft", "list", "table", *table.split()])
    return re.sub(r"type \w+ hook .*", "", text)


def remove(path):
    """A file, a link, a whole folder of k3s's own, or an outer folder if nothing else is in it."""
    if os.path.islink(path) or not os.path.isdir(path):
        os.unlink(path)
    elif path in ("/etc/rancher", "/var/lib/rancher", "/etc/cni", "/etc/cni/net.d", "/opt/cni", "/opt/cni/bin", "/run/netns",
                  "/etc/kubernetes", "/opt/containerd", "/var/lib/cni", "/var/lib/cni/networks", "/usr/libexec/kubernetes"):
        empty(path)
    else:
        shutil.rmtree(path)


def empty(path):
    """Remove a folder that holds nothing but empty folders."""
    for folder, _, _ in os.walk(path, topdown=False):
        if not os.listdir(folder):
            os.rmdir(folder)


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
    """One of the three; the answer is a line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["look", "remember", "undo"])
    parser.add_argument("--testbed", required=True)
    parser.add_argument("--api", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--pod-subnet", default="")
    parser.add_argument("--files", nargs="*", default=[])
    parser.add_argument("--programs", type=lambda text: text.split(","), default=[])
    options = parser.parse_args()
    answer = {"look": look, "remember": remember, "undo": undo}[options.verb](options)
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
