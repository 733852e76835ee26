"""A container engine, through its ordinary command line: Docker's, or Podman's where that is compatible.

Since the command line is used, ``DOCKER_HOST``, contexts and whatever else a person has set up hold here too.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telcoai.errors import InputError, TestbedError

CHOICE = "TELCOAI_ENGINE"
PROGRAMS = ("docker", "podman")
LABEL = "dev.telcoai.testbed"
"""Carried by all that is made for a testbed; its value is the testbed's name."""

KIND_LABEL = "io.x-k8s.kind.cluster"
"""Carried by kind's nodes; its value is ``telcoai-<testbed>``."""

_TAIL_LINES = 8
_AT_ONCE = 8
_SETTLE_S, _AGAIN_S = 20.0, 0.25
"""How long an engine may take to let go of a network whose containers are gone, and between two tries."""

_ABSENT = re.compile(
    r"no such (object|container|image|network|volume)|(network|volume|image) .*not (found|known)", re.I
)
_GOING = re.compile(r"removal of container .* is already in progress", re.I)
_IN_USE = re.compile(r"has active endpoints|network is being used|has associated containers", re.I)
_UNREACHED = re.compile(
    r"(cannot|failed to|unable to|while trying to) connect to (the docker|podman)|error during connect|"
    r"is the docker daemon running|unable to parse docker host",
    re.I,
)
"""What clients say when they don't get through; other failures, of commands in containers too, have other words."""

_DISK_FULL = re.compile(r"no space left on device|disk quota exceeded", re.I)


class CommandFailed(TestbedError):
    """A command of the engine's ended with an error; ``stderr`` is all that it said."""

    def __init__(self, message: str, hint: str = "", stderr: str = "") -> None:
        super().__init__(message, hint)
        self.stderr = stderr


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine that answers to ``program`` (a path, or a name on the search path)."""

    program: str

    @classmethod
    def find(cls) -> Engine:
        """The engine to use: what $TELCOAI_ENGINE says, or docker, or podman. It has answered once.

        TestbedError when there is no client, when its engine doesn't run, or when it may not be used.
        """
        engine = cls(_program())
        engine.run(["ps", "-q"], timeout_s=30)
        return engine

    def run(
        self,
        argv: Sequence[str],
        *,
        input: bytes | Path | None = None,
        timeout_s: float = 60,
        env: Mapping[str, str] | None = None,
    ) -> str:
        """Run ``docker ARGV…`` and return what it printed. ``input``: bytes, or a file, for its standard input.

        TestbedError says the command, its exit code and its last words, and what to try where that is known.
        """
        return self.read(argv, input=input, timeout_s=timeout_s, env=env).decode(errors="replace")

    def read(
        self,
        argv: Sequence[str],
        *,
        input: bytes | Path | None = None,
        timeout_s: float = 60,
        env: Mapping[str, str] | None = None,
    ) -> bytes:
        """As ``run``, but the output stays as it came."""
        command = [self.program, *argv]
        around = None if env is None else {**os.environ, **env}
        try:
            if isinstance(input, Path):
                with input.open("rb") as file:
                    done = subprocess.run(command, stdin=file, capture_output=True, timeout=timeout_s, env=around)
            else:
                done = subprocess.run(command, input=input or b"", capture_output=True, timeout=timeout_s, env=around)
        except subprocess.TimeoutExpired as err:
            raise CommandFailed(f"{_shown(command)}: not done within {timeout_s:g} s") from err
        except OSError as err:
            raise TestbedError(f"{_shown(command)}: {err.strerror or err}") from err
        if done.returncode != 0:
            raise _failure(command, done.returncode, done.stderr.decode(errors="replace"))
        return done.stdout

    def inspect(self, name: str, kind: str = "container") -> dict[str, Any] | None:
        """What the engine knows of a ``container``, ``image``, ``network`` or ``volume``; None when there is none."""
        try:
            found = json.loads(self.run([kind, "inspect", name]))
        except CommandFailed as err:
            if _ABSENT.search(err.stderr):
                return None
            raise
        return dict(found[0]) if found else None

    def containers(self, label: str) -> list[dict[str, str]]:
        """Containers that carry ``key=value``, running or not: ``name``, ``id`` and ``status`` of each.

        The status of one that runs begins with "Up", on each engine.
        """
        return self._list(["ps", "-a", "--no-trunc"], label, {"id": "ID", "name": "Names", "status": "Status"})

    def networks(self, label: str) -> list[dict[str, str]]:
        """Networks that carry ``key=value``: ``name`` and ``id`` of each."""
        return self._list(["network", "ls", "--no-trunc"], label, {"id": "ID", "name": "Name"})

    def volumes(self, label: str) -> list[dict[str, str]]:
        """Volumes that carry ``key=value``: ``name`` of each."""
        return self._list(["volume", "ls"], label, {"name": "Name"})

    def images(self, label: str) -> list[dict[str, str]]:
        """Images that carry ``key=value``: ``name`` (its tag) and ``id`` of each."""
        fields = {"id": "ID", "repository": "Repository", "tag": "Tag"}
        rows = self._list(["images", "--no-trunc"], label, fields)
        return [{"id": row["id"], "name": f"{row['repository']}:{row['tag']}"} for row in rows]

    def remove_labelled(self, testbed: str) -> list[str]:
        """Remove all that carries the testbed's label, and kind's nodes of it; says what was removed."""
        mine = f"{LABEL}={testbed}"
        nodes = self.containers(f"{KIND_LABEL}=telcoai-{testbed}")
        containers = self.containers(mine) + nodes
        volumes = [one["name"] for node in nodes for one in self._volumes_of(node["name"])]
        removed = self._remove(["rm", "-f", "-v"], "container", {one["id"]: one["name"] for one in containers})
        removed += [f"network {one['name']}" for one in self.networks(mine) if self._remove_network(one["id"])]
        removed += self._remove(["volume", "rm", "-f"], "volume", dict(zip(volumes, volumes, strict=True)))
        return removed + self._remove(["rmi", "-f"], "image", {one["id"]: one["name"] for one in self.images(mine)})

    def exec_(
        self,
        container: str,
        argv: Sequence[str],
        input: bytes | Path | None = None,
        timeout_s: float = 60,
    ) -> str:
        """Run a command in a running container and return what it printed."""
        stdin = [] if input is None else ["-i"]
        return self.run(["exec", *stdin, container, *argv], input=input, timeout_s=timeout_s)

    def pid(self, container: str) -> int:
        """Process id, on the engine's host, of a running container's first process."""
        found = self.inspect(container)
        pid = int(found["State"]["Pid"]) if found else 0
        if not pid:
            raise TestbedError(f"container {container} {'is not running' if found else 'does not exist'}")
        return pid

    def build(self, context: Path, tag: str, arguments: Mapping[str, str], *, timeout_s: float = 600) -> None:
        """Build the Containerfile in a folder. BuildKit does it where there is one, the classic builder elsewhere."""
        given = [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]
        rest = [*given, "-t", tag, "-f", str(context / "Containerfile"), str(context)]
        if self._has_buildkit():
            quiet = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
            self.run(["buildx", "build", "--load", *rest], timeout_s=timeout_s, env=quiet)
        else:
            self.run(["build", *rest], timeout_s=timeout_s, env={"DOCKER_BUILDKIT": "0"})

    def _has_buildkit(self) -> bool:
        try:
            return "buildx" in self.run(["buildx", "version"])
        except CommandFailed:
            return False

    def _list(self, argv: list[str], label: str, fields: Mapping[str, str]) -> list[dict[str, str]]:
        form = "\t".join(f"{{{{.{field}}}}}" for field in fields.values())
        lines = self.run([*argv, "--filter", f"label={label}", "--format", form]).splitlines()
        return [dict(zip(fields, line.split("\t"), strict=True)) for line in lines if line]

    def _remove(self, argv: list[str], what: str, names: Mapping[str, str]) -> list[str]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            gone = list(pool.map(lambda handle: self._remove_one([*argv, handle]), names))
        return [f"{what} {name}" for name, is_gone in zip(names.values(), gone, strict=True) if is_gone]

    def _volumes_of(self, kind_node: str) -> list[dict[str, str]]:
        """Volumes that don't go with a node of kind's: under Podman they have names, and the node's as a label."""
        return self.volumes(f"{kind_node}=true") if Path(self.program).name == "podman" else []

    def _remove_network(self, handle: str) -> bool:
        """As ``_remove_one``; an engine that still counts containers which are gone is given time, and told so.

        A container that isn't of the testbed and is attached to it stays as it is: TestbedError names it.
        """
        deadline = time.monotonic() + _SETTLE_S
        while True:
            try:
                return self._remove_one(["network", "rm", handle])
            except CommandFailed as err:
                if not _IN_USE.search(err.stderr):
                    raise
                attached = self._attached(handle)
                if time.monotonic() > deadline:
                    hint = f"remove {', '.join(attached)} from it, then again" if attached else "restart the engine"
                    raise CommandFailed(err.message, hint, err.stderr) from err
            time.sleep(_AGAIN_S)

    def _attached(self, network: str) -> list[str]:
        """Names of the containers that are attached to a network; ends of containers that no longer are, are cut."""
        ends = (self.inspect(network, "network") or {}).get("Containers") or {}
        gone = [end["Name"] for container, end in ends.items() if self.inspect(container) is None]
        for name in gone:
            with suppress(CommandFailed):  # the engine was quicker
                self.run(["network", "disconnect", "--force", network, name])
        return [end["Name"] for end in ends.values() if end["Name"] not in gone]

    def _remove_one(self, argv: list[str]) -> bool:
        """Whether it was there to be removed."""
        try:
            self.run(argv, timeout_s=120)
        except CommandFailed as err:
            if _ABSENT.search(err.stderr) or _GOING.search(err.stderr):
                return False  # someone else was quicker
            raise
        return True


def _program() -> str:
    chosen = os.environ.get(CHOICE, "")
    if chosen and chosen not in PROGRAMS:
        raise InputError(f"{CHOICE}={chosen}: the engines are {' and '.join(PROGRAMS)}", f"unset {CHOICE}, or name one")
    for name in (chosen,) if chosen else PROGRAMS:
        if shutil.which(name):
            return name
    wanted = chosen or "neither docker nor podman"
    raise TestbedError(
        f"no container engine: {wanted} is not installed" if chosen else f"no container engine: {wanted} is installed",
        f"install {chosen or 'Docker or Podman'}, or take a testbed of virtual hosts, which needs none",
    )


def _failure(command: Sequence[str], code: int, stderr: str) -> TestbedError:
    """What went wrong: the engine's state first, since then no command would have worked."""
    program, said = Path(command[0]).name, _tail(stderr)
    if _UNREACHED.search(stderr) and "permission denied" in stderr.lower():
        hint = f"join the group that may use it (often: sudo usermod -aG {program} $USER, then log in again)"
        return TestbedError(f"no rights to the {program} engine: {said}", hint)
    if _UNREACHED.search(stderr):
        return TestbedError(
            f"the {program} engine does not answer: {said}",
            f"start it (often: sudo systemctl start {program}), or check DOCKER_HOST and the context in use",
        )
    message = f"{_shown(command)}: exit {code}: {said}"
    if _DISK_FULL.search(stderr):
        return CommandFailed(
            f"disk full: {message}", f"free space for the engine, as {program} system prune does", stderr
        )
    return CommandFailed(message, "", stderr)


def _tail(stderr: str) -> str:
    return "\n".join(stderr.strip().splitlines()[-_TAIL_LINES:]) or "it said nothing"


def _shown(command: Sequence[str]) -> str:
    text = " ".join(" ".join(command).split())
    return text if len(text) <= 200 else text[:199] + "…"
