#!/usr/bin/env python3
# ruff: noqa: PTH106, PTH108, PTH112, PTH114, PTH119, PTH208
"""Brings a machine back to what it was before a testbed came: what look.py wrote down then.

    undo.py --testbed T [--check]   says what was, or would be, undone (JSON list)

Runs on the machine itself: Python 3.8 and its standard library. Only a machine that carries the testbed's mark
(/var/lib/telcoai/T) is ever changed.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

HOME = Path("/var/lib/telcoai")

UNITS = ("k3s", "k3s-agent")

SHARED = (
    *("/etc/rancher", "/var/lib/rancher", "/etc/cni", "/etc/cni/net.d", "/opt/cni", "/opt/cni/bin", "/run/netns"),
    *("/etc/kubernetes", "/opt/containerd", "/var/lib/cni", "/var/lib/cni/networks", "/usr/libexec/kubernetes"),
)
"""Folders of those that other programs may put things in: they go only when they are empty."""

INTERFACES = re.compile(r"^(cni0|flannel[.\-].*|flannel|kube-ipvs0|kube-bridge|nodelocaldns)$")
MOUNTS = ("/run/k3s", "/var/lib/kubelet", "/var/lib/rancher/k3s", "/run/netns/cni-")
RULES = re.compile(r"KUBE-|CNI-|FLANNEL|flannel|telcoai|kubernetes")
ROUTES = "84"
"""Number (protocol) of the routes that the role sets."""


def undo(options):
    """Bring the machine back; what has been done, or would be."""
    mark = HOME / options.testbed
    if not mark.is_dir():
        return []
    state, done = before(options.testbed), Doing(options.check)
    stop(options, done)
    remove_network(state, done)
    remove_rules(state, done)
    remove_files(state, done)
    for name, value in state.get("sysctls", {}).items():
        if read(f"/proc/sys/{name}") not in (value, ""):
            done.call(f"sysctl {name}", lambda name=name, value=value: Path(f"/proc/sys/{name}").write_text(value))
    done.run(["systemctl", "daemon-reload"])
    done.run(["systemctl", "reset-failed", "--quiet"])
    done.call(str(mark), lambda: shutil.rmtree(mark))
    if not options.check and not any(HOME.iterdir()):
        HOME.rmdir()
    return done.what


def stop(options, done):
    """End units, pods and what is mounted for them."""
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


def remove_network(state, done):
    """Namespaces, interfaces and routes of the pod network."""
    for path in sorted(Path("/run/netns").glob("cni-*")):
        done.run(["ip", "netns", "delete", path.name])
    for name in interfaces(state):
        done.run(["ip", "link", "delete", name])
    if output(["ip", "route", "show", "proto", ROUTES]):
        done.run(["ip", "route", "flush", "proto", ROUTES])


def remove_files(state, done):
    """Control groups, and files that weren't there before."""
    new = [path for path in groups() if str(path) not in state.get("groups", [])]
    if new:
        done.call("control groups of pods", lambda: remove_groups(new))
    for path in sorted(state.get("absent", []), key=lambda path: (-path.count("/"), path)):
        if os.path.lexists(path):
            done.call(path, lambda path=path: remove(path))


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
    """The kubelet's control groups of pods, one in each hierarchy; those of clusters in containers lie deeper."""
    root = Path("/sys/fs/cgroup")
    return [path for pattern in ("kubepods*", "*/kubepods*") for path in root.glob(pattern) if path.is_dir()]


def remove_groups(tops):
    """Remove them, the innermost first; the kernel needs a moment after the last process of each."""
    for _ in range(100):
        busy = None
        inner = [Path(folder) for top in tops for folder, _, _ in os.walk(top, topdown=False)]
        for path in inner:
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
    elif path in SHARED:
        empty(path)
    else:
        shutil.rmtree(path)


def empty(path):
    """Remove a folder that holds nothing but empty folders."""
    for folder, _, _ in os.walk(path, topdown=False):
        if not os.listdir(folder):
            os.rmdir(folder)


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
    """Undo it; the answer is a line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--testbed", required=True)
    parser.add_argument("--check", action="store_true")
    sys.stdout.write(json.dumps(undo(parser.parse_args())) + "\n")


if __name__ == "__main__":
    main()
