"""A cluster testbed in a folder of its own, used through the command line, and what is left of it afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from telcoai.adapters.engine import KIND_LABEL, LABEL, Engine
from telcoai.emulation.leftovers import leftovers
from telcoai.errors import TelcoaiError

ROOT = Path(__file__).parents[3]


def missing_for_kind() -> str:
    """Why there can't be a kind cluster here; "" when there can."""
    if not os.environ.get("TELCOAI_KIND_IMAGE"):
        return 'TELCOAI_KIND_IMAGE names no node image: eval "$(make -s cluster-host)"'
    if shutil.which("kind") is None:
        return "there is no kind program here"
    if os.geteuid() != 0:
        return "the userspace network under a cluster takes root"
    return missing_engine()


def missing_engine() -> str:
    """Why there is no container engine; "" when there is one."""
    try:
        Engine.find()
    except TelcoaiError as err:
        return err.message
    return ""


def orphans() -> frozenset[str]:
    """The engine's volumes that no container has."""
    return frozenset(Engine.find().run(["volume", "ls", "--quiet", "--filter=dangling=true"]).split())


@dataclass(frozen=True)
class Lab:
    """A state folder, and the command line on it."""

    folder: Path
    testbed: str
    orphans_before: frozenset[str] = field(default_factory=orphans)

    @property
    def state(self) -> Path:
        """Where testbeds keep their state."""
        return self.folder / "state"

    def telcoai(self, *words: str, timeout_s: float = 280) -> subprocess.CompletedProcess[str]:
        """Run ``telcoai WORDS`` in the folder."""
        return subprocess.run(
            [sys.executable, "-m", "telcoai.cli", *words],
            cwd=self.folder,
            env={**os.environ, "TELCOAI_STATE": str(self.state)},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def json(self, *words: str, timeout_s: float = 280) -> Any:
        """The answer of a command that has to succeed."""
        done = self.telcoai(*words, "-o", "json", timeout_s=timeout_s)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def left(self) -> list[str]:
        """What there still is of the testbed: containers, networks, volumes, processes, files."""
        engine = Engine.find()
        mine = f"{LABEL}={self.testbed}"
        found = engine.containers(mine) + engine.containers(f"{KIND_LABEL}=telcoai-{self.testbed}")
        names = [f"container {one['name']}" for one in found]
        names += [f"network {one['name']}" for one in engine.networks(mine)]
        names += [f"volume {name}" for name in orphans() - self.orphans_before]
        names += leftovers(self.testbed, self.state / self.testbed / "network")
        return names + [str(path) for path in self.state.glob(f"{self.testbed}/*")]
